import assert from 'node:assert/strict';
import { chmod, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

import { aPort, bridgeSettings } from '../../../../test/contract/bridge-host-scene.ts';
import { startHelper } from '../../../../test/support/start-helper.ts';
import { someSettings } from './fixtures.ts';
import { createHelperBridgeHost } from './helper-bridge-host.ts';
import { createHelperConnectionOver } from './helper-connection.ts';

const { signal } = new AbortController();
/** The settings have to be root's. */
const skip = process.getuid?.() !== 0;

for (const [who, instance] of [
  ['its owner', '0-4711-1000'],
  ['root', '7-88-4711_5-0'],
] as const) {
  test(`works for ${who}, until its connection ends`, { skip }, async () => {
    await using place = await somePlace();
    await using helper = startHelper({ instance, settingsFile: place.file });
    const connection = createHelperConnectionOver(() => Promise.resolve(helper.near));
    const bridge = createHelperBridgeHost(connection, bridgeSettings);

    await bridge.ensurePort(aPort(17), signal);
    const taps = await bridge.listTaps(signal);
    await connection[Symbol.asyncDispose]();

    assert.deepEqual(taps, ['bgr0882-17']);
    assert.equal(await helper.exited, 0);
    const uid = Number(instance.split('-').at(-1));
    const told = helper.log().map(({ method, peerUid }) => [method, peerUid]);
    assert.deepEqual(told.slice(1, -1), [
      ['hello', uid],
      ['bridge.ensurePort', uid],
      ['bridge.listTaps', uid],
    ]);
  });
}

for (const [who, instance] of [
  ['another user', '0-4711-1001'],
  ['somebody unknown', '0-unknown'],
  ['whoever gives no name', ''],
] as const) {
  test(`refuses ${who} before it reads anything`, { skip }, async () => {
    await using place = await somePlace();
    await using helper = startHelper({ instance, settingsFile: place.file });
    const connection = createHelperConnectionOver(() => Promise.resolve(helper.near));
    const bridge = createHelperBridgeHost(connection, bridgeSettings);

    await assert.rejects(bridge.ensurePort(aPort(17), signal), { code: 'helper.refused' });

    assert.equal(await helper.exited, 1);
  });
}

for (const [what, spoil] of [
  ['anybody may write', (file: string) => chmod(file, 0o666)],
  ['are a link', (file: string) => rm(file).then(() => symlink('/etc/passwd', file))],
  ['are not there', (file: string) => rm(file)],
  ['are nonsense', (file: string) => writeFile(file, '{"owner":{}}')],
] as const) {
  test(`does nothing with settings that ${what}`, { skip }, async () => {
    await using place = await somePlace();
    await spoil(place.file);
    await using helper = startHelper({ instance: '0-1-1000', settingsFile: place.file });
    const connection = createHelperConnectionOver(() => Promise.resolve(helper.near));
    const bridge = createHelperBridgeHost(connection, bridgeSettings);

    const [problem] = await bridge.problems(signal);

    assert.match(problem?.what ?? '', /^Cannot use the settings in ".*system\.json": /);
    assert.equal(await helper.exited, 1);
  });
}

test('a helper that is killed is an error by name', { skip }, async () => {
  await using place = await somePlace();
  await using helper = startHelper({ instance: '0-1-1000', settingsFile: place.file });
  const connection = createHelperConnectionOver(() => Promise.resolve(helper.near));
  const bridge = createHelperBridgeHost(connection, bridgeSettings);
  await bridge.listTaps(signal);

  const asked = bridge.ensurePort(aPort(17), signal);
  process.kill(helper.pid, 'SIGKILL');

  await assert.rejects(asked, { code: 'helper.unavailable' });
});

async function somePlace() {
  const dir = await mkdtemp(join(tmpdir(), 'banger-helper-'));
  const file = join(dir, 'system.json');
  await writeFile(file, JSON.stringify(someSettings({ uid: 1000 })), { mode: 0o644 });
  return { file, [Symbol.asyncDispose]: () => rm(dir, { recursive: true }) };
}
