import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { suite, test } from 'node:test';

import { BangerError } from '@banger/protocol/errors';

import { connectFakeGuest, createFakeGuest } from '../guest/fake-guest.ts';
import { reachAgent } from './reach-agent.ts';

const { signal: never } = new AbortController();
const lost = () => new BangerError('guest.unreachable', 'the channel to it was closed');

suite('reaching an agent', () => {
  test('connects anew when the connection is lost before the handshake is done', async () => {
    const agent = anAgent([lost(), lost()]);

    await using guest = await agent.reach(never);

    assert.equal(guest.agentBuild, 'fake');
    assert.equal(agent.opened, 3);
  });

  test('gives up after a few, and tells the first reason', async () => {
    const reasons = [lost(), lost(), lost(), lost()];
    const agent = anAgent(reasons);

    await assert.rejects(agent.reach(never), reasons[0]);

    assert.equal(agent.opened, 3);
  });

  test('tries nothing again that is not a lost connection', async () => {
    const agent = anAgent([new BangerError('guest.protocol', 'it sends data without end')]);

    await assert.rejects(agent.reach(never), { code: 'guest.protocol' });

    assert.equal(agent.opened, 1);
  });

  test('tells that the connection was lost when the monitor then turns out to be gone', async () => {
    const agent = anAgent([lost()], new BangerError('vm.ended', 'its agent port is closed'));

    await assert.rejects(agent.reach(never), { code: 'guest.unreachable' });
  });
});

/** Whose connections are lost for these reasons, and whose monitor is `gone` after the first. */
function anAgent(reasons: readonly Error[], gone?: Error) {
  const agent = {
    opened: 0,
    reach: (signal: AbortSignal) => reachAgent({ openAgentStream }, { connect }, signal),
  };
  function openAgentStream() {
    agent.opened += 1;
    if (gone !== undefined && agent.opened > 1) return Promise.reject(gone);
    return Promise.resolve(new PassThrough());
  }
  function connect(stream: PassThrough) {
    const reason = reasons[agent.opened - 1];
    if (reason === undefined) return Promise.resolve(connectFakeGuest(createFakeGuest(), stream));
    stream.destroy();
    return Promise.reject(reason);
  }
  return agent;
}
