import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { noImageConfig } from '@banger/protocol/image-config';

import { json } from '../../../../../test/support/oci-image.ts';
import { parseImageConfiguration } from './image-configuration.ts';

const platform = { os: 'linux', architecture: 'amd64' };
const rootfs = { type: 'layers', diff_ids: [`sha256:${'a'.repeat(64)}`] };
const parse = (raw: unknown) => parseImageConfiguration(json(raw), platform);

suite('configurations', () => {
  test('say how an image is to be run', () => {
    const { config, diffIds } = parse({
      ...{ ...platform, rootfs, created: '2026-01-01T00:00:00Z', history: [] },
      config: {
        Entrypoint: ['/entry'],
        Cmd: ['a', 'b'],
        Env: ['PATH=/bin', 'X='],
        User: '1000:1000',
        WorkingDir: '/srv',
        StopSignal: 'SIGQUIT',
        ExposedPorts: { '80/tcp': {}, '53/udp': {} },
        Volumes: { '/data': {} },
        Labels: { 'org.x': 'y' },
        Shell: ['/bin/bash', '-c'],
        OnBuild: ['RUN x'],
        Healthcheck: { Test: ['CMD', 'true'], Interval: 30_000_000_000, Retries: 3 },
      },
    });

    assert.deepEqual(diffIds, rootfs.diff_ids);
    // As it is stored and sent: what is not said is not there.
    assert.deepEqual(JSON.parse(JSON.stringify(config)), {
      entrypoint: ['/entry'],
      cmd: ['a', 'b'],
      env: ['PATH=/bin', 'X='],
      user: '1000:1000',
      workingDir: '/srv',
      stopSignal: 'SIGQUIT',
      exposedPorts: ['80/tcp', '53/udp'],
      volumes: ['/data'],
      labels: { 'org.x': 'y' },
      shell: ['/bin/bash', '-c'],
      healthcheck: { test: ['CMD', 'true'], intervalNs: 30_000_000_000, retries: 3 },
      onBuild: ['RUN x'],
    });
  });

  test('say nothing with null, as Go does, or without a word', () => {
    const empty = { Entrypoint: null, Cmd: null, Env: null, Labels: null, Volumes: null };

    for (const config of [empty, {}, null, undefined]) {
      assert.deepEqual(parse({ ...platform, rootfs, config }).config, noImageConfig);
    }
  });

  test('of an image without layers have none', () => {
    const { diffIds } = parse({ ...platform, rootfs: { type: 'layers', diff_ids: null } });

    assert.deepEqual(diffIds, []);
  });

  for (const [what, raw, code] of [
    ['without layers', { ...platform }, 'image.bad_content'],
    ['with a bad digest', { rootfs: { type: 'layers', diff_ids: ['x'] } }, 'image.bad_content'],
    ['with a number for a command', { rootfs, config: { Cmd: [1] } }, 'image.bad_content'],
    [
      'with a command as long as a book',
      { rootfs, config: { Cmd: ['x'.repeat(200_000)] } },
      'image.bad_content',
    ],
    ['of Windows', { os: 'windows', architecture: 'amd64', rootfs }, 'image.other_platform'],
    [
      'of another processor',
      { os: 'linux', architecture: 'arm64', rootfs },
      'image.other_platform',
    ],
  ] as const) {
    test(`refuse one ${what}`, () => {
      assert.throws(() => parse(raw), { code });
    });
  }
});
