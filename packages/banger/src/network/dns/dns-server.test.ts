import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { suite, test } from 'node:test';

import { decode, encode, streamDecode, streamEncode } from 'dns-packet';

import type { HostPort } from '@banger/protocol/host-port';

import { createFakeClock } from '../../host/fake-clock.ts';
import { createSystemListeners } from '../../host/system-listeners.ts';
import { startDnsServer, type DnsServerOptions, type DnsStatus } from './dns-server.ts';

const at = { address: '127.0.0.1', port: 0 };
const query = encode({ type: 'query', id: 9, questions: [{ name: 'web.vm', type: 'A' }] });
const streamedQuery = streamEncode({
  type: 'query',
  id: 9,
  questions: [{ name: 'web.vm', type: 'A' }],
});

function serve(change: Partial<DnsServerOptions> = {}) {
  return startDnsServer({
    at,
    addressOf: (name) => (name === 'web' ? '127.77.1.2' : undefined),
    listeners: createSystemListeners(),
    clock: createFakeClock(),
    onChange: () => undefined,
    ...change,
  });
}

function portOf({ status }: { readonly status: DnsStatus }): HostPort {
  assert.equal(status.state, 'serving');
  return status.at;
}

function dial({ address, port }: HostPort) {
  const socket = connect({ host: address, port });
  socket.on('error', () => undefined);
  return socket;
}

function closeOf(socket: Socket): Promise<unknown> {
  return new Promise((resolve) => socket.once('close', resolve));
}

suite('the name server on the wire', () => {
  test('answers over UDP', async () => {
    await using server = await serve();
    const { port } = portOf(server);
    const client = createSocket('udp4');

    client.send(query, port, '127.0.0.1');
    const [message] = (await once(client, 'message')) as [Buffer];
    client.close();

    assert.equal(decode(message).answers?.length, 1);
  });

  test('answers several questions of one TCP connection, however they arrive', async () => {
    await using server = await serve();
    const socket = dial(portOf(server));

    for (const byte of streamedQuery) socket.write(Buffer.of(byte));
    const [first] = (await once(socket, 'data')) as [Buffer];
    socket.write(Buffer.concat([streamedQuery, streamedQuery]));
    let rest = Buffer.alloc(0);
    while (rest.length < 2 * first.length) {
      const [more] = (await once(socket, 'data')) as [Buffer];
      rest = Buffer.concat([rest, more]);
    }
    socket.destroy();

    assert.equal(streamDecode(first).answers?.length, 1);
    assert.deepEqual(rest, Buffer.concat([first, first]));
  });

  test('ends a TCP connection that sends what is no question, or announces too much', async () => {
    await using server = await serve();

    for (const rubbish of [Buffer.of(0, 2, 1, 1), Buffer.of(0xff, 0xff)]) {
      const socket = dial(portOf(server));
      socket.write(rubbish);
      socket.resume();
      await closeOf(socket);
    }
  });

  test('ends a TCP connection that says nothing for too long', async () => {
    const clock = createFakeClock();
    await using server = await serve({ clock });
    const socket = dial(portOf(server));
    socket.write(streamedQuery);
    await once(socket, 'data');
    const closed = closeOf(socket);

    await clock.advance(10_000);

    await closed;
  });

  test('takes so many TCP connections and no more', async () => {
    await using server = await serve();
    const sockets = Array.from({ length: 64 }, () => dial(portOf(server)));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));

    const surplus = dial(portOf(server));
    surplus.resume();
    await closeOf(surplus);

    for (const socket of sockets) socket.destroy();
  });

  test('says that its address is taken, and takes it when it is free', async () => {
    const clock = createFakeClock();
    const told: string[] = [];
    const first = await serve();
    const taken = portOf(first);

    await using second = await serve({
      at: taken,
      clock,
      onChange: ({ state }) => told.push(state),
    });
    assert.equal(second.status.state, 'failed');
    assert.match(
      second.status.problem.message,
      /^Cannot answer for the names of VMs on 127.0.0.1:\d+: another program listens there$/,
    );
    await clock.advance(10_000);
    assert.equal(second.status.state, 'failed');
    await first[Symbol.asyncDispose]();
    await clock.advance(10_000);
    while (told.length < 2) await new Promise((resolve) => setImmediate(resolve));

    assert.deepEqual(portOf(second), taken);
    assert.deepEqual(told, ['failed', 'serving']);
  });

  test('leaves nothing open when it is disposed', async () => {
    const server = await serve();
    const where = portOf(server);
    const socket = dial(where);
    await once(socket, 'connect');
    const closed = closeOf(socket.resume());

    await server[Symbol.asyncDispose]();

    await closed;
    await using again = await serve({ at: where });
    assert.deepEqual(portOf(again), where);
  });
});
