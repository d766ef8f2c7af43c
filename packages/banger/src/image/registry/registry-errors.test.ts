import assert from 'node:assert/strict';
import { test } from 'node:test';

import { endpointsOf } from './endpoints.ts';
import { unreachable } from './registry-errors.ts';

test('a registry that cannot be reached is looked at where it was asked', () => {
  const [hub] = endpointsOf('docker.io', { registries: [], insecure: false });
  assert.ok(hub);
  const asked = {
    what: 'Cannot pull image "alpine"',
    host: hub.name,
    api: hub.url,
    image: 'alpine',
  };
  const fact = 'there is no host of this name';
  const failure = { fact, isTransient: false, isPlain: false, isDistrusted: false };

  const { message, hint } = unreachable(asked, failure, undefined);

  assert.equal(message, `Cannot pull image "alpine": registry docker.io: ${fact}`);
  assert.equal(hint, 'curl -v https://registry-1.docker.io/v2/');
});
