import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { Image } from '@banger/protocol/image';
import { ImageConfig } from '@banger/protocol/image-config';

import { describeImage } from './describe-image.ts';

const image = Image.parse({
  ...{ id: 'img_0123456789abcdef', name: 'nginx', kind: 'oci', init: 'agent', sizeBytes: 1024 },
  ...{ createdAt: '2026-01-01T00:00:00Z', description: 'a server', usedBy: [], path: '/x' },
});

suite('image show', () => {
  test('says how the image is run, and no value of its environment', () => {
    const config = ImageConfig.parse({
      ...{ entrypoint: ['/entry.sh'], cmd: ['nginx', '-g', 'daemon off;'], user: 'web:www' },
      ...{ env: ['PATH=/bin', 'TOKEN=hunter2'], workingDir: '/srv', stopSignal: 'SIGQUIT' },
      ...{ exposedPorts: ['80/tcp'], volumes: ['/data'], labels: { vendor: 'x\u001b[2J' } },
      healthcheck: { test: ['CMD', 'true'] },
    });

    const text = describeImage({ ...image, config }).join('\n');

    for (const line of [
      /^entrypoint: +\/entry\.sh$/m,
      /^command: +nginx -g 'daemon off;'$/m,
      /^environment: +PATH TOKEN$/m,
      /^user: +web:www$/m,
      /^directory: +\/srv$/m,
      /^stop signal: +SIGQUIT$/m,
      /^ports: +80\/tcp$/m,
      /^volumes: +\/data$/m,
      /^health check: +CMD true$/m,
      /^label: +vendor=x�\[2J$/m,
    ]) {
      assert.match(text, line);
    }
    assert.doesNotMatch(text, /hunter2/);
  });

  test('says nothing of an image that says nothing', () => {
    assert.doesNotMatch(describeImage(image).join('\n'), /entrypoint|user|stop signal|ports/);
  });
});
