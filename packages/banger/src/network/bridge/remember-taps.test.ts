import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { aPort, bridgeSettings } from '../../../../../test/contract/bridge-host-scene.ts';
import { createFakeBridgeHost } from './fake-bridge-host.ts';
import { rememberTaps } from './remember-taps.ts';

const { signal } = new AbortController();

function aHost() {
  const real = createFakeBridgeHost(bridgeSettings);
  const { links } = real.host;
  return { links, host: rememberTaps(real, (name) => Promise.resolve(links.has(name))) };
}

suite('a tap that was made', () => {
  test('is ready for the user it was made for', async () => {
    const { host } = aHost();
    const port = aPort(17);
    assert.equal(await host.isReady(port), false);

    await host.ensurePort(port, signal);

    assert.equal(await host.isReady({ ...port, nat: true }), true);
    assert.equal(await host.isReady({ ...port, uid: 61_000 }), false);
  });

  test('is not ready once it was removed, by whomever', async () => {
    const { host, links } = aHost();
    const [port, other] = [aPort(17), aPort(18)];
    for (const each of [port, other]) await host.ensurePort(each, signal);

    await host.removeTap(port.tap, signal);
    links.delete(other.tap);

    assert.equal(await host.isReady(port), false);
    assert.equal(await host.isReady(other), false);
  });
});
