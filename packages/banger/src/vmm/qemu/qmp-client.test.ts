import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';

import { createBoundedLines } from './bounded-lines.ts';
import { QmpClient } from './qmp-client.ts';
import type { QmpEvent } from './qmp-messages.ts';

const { signal: never } = new AbortController();
const dir = mkdtempSync(join(tmpdir(), 'banger-qmp-'));
let sockets = 0;
after(() => rmSync(dir, { recursive: true }));

const GREETING = '{"QMP": {"version": {}, "capabilities": []}}\r\n';

interface Request {
  readonly execute: string;
  readonly id: number;
}

/** A monitor that answers as told; the first command is always qmp_capabilities. */
async function monitor(onRequest: (socket: Socket, request: Request) => void, greeting = GREETING) {
  sockets += 1;
  const path = join(dir, `${String(sockets)}.sock`);
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.write(greeting);
    const feed = createBoundedLines((line) => {
      const request = JSON.parse(line) as Request; // Only our own client writes here.
      if (request.execute === 'qmp_capabilities') answer(socket, request, {});
      else onRequest(socket, request);
    });
    socket.on('data', feed);
  });
  server.listen(path);
  await once(server, 'listening');
  const events: QmpEvent[] = [];
  return {
    events,
    open: (signal = never) => QmpClient.open(connect(path), (event) => events.push(event), signal),
    [Symbol.dispose]: () => server.close(),
  };
}

function answer(socket: Socket, { id }: Request, value: unknown): void {
  socket.write(`${JSON.stringify({ return: value, id })}\r\n`);
}

suite('the monitor client', () => {
  test('matches answers to commands in any order and tells events', async () => {
    const held: Request[] = [];
    using qemu = await monitor((socket, request) => {
      held.push(request);
      if (held.length < 2) return;
      socket.write('{"event": "SHUTDOWN", "data": {"guest": true}, "timestamp": {}}\r\n');
      for (const each of held.toReversed()) answer(socket, each, each.execute);
    });
    await using client = await qemu.open();

    const answers = await Promise.all([
      client.execute('a', {}, never),
      client.execute('b', {}, never),
    ]);

    assert.deepEqual(answers, ['a', 'b']);
    assert.equal(qemu.events[0]?.event, 'SHUTDOWN');
  });

  test('rejects a command that the monitor refuses, and lives on', async () => {
    using qemu = await monitor((socket, request) => {
      if (request.execute === 'good') answer(socket, request, 1);
      else
        socket.write(
          `{"error": {"class": "GenericError", "desc": "no"}, "id": ${String(request.id)}}\n`,
        );
    });
    await using client = await qemu.open();

    await assert.rejects(client.execute('bad', {}, never), /"bad" failed/);

    assert.equal(await client.execute('good', {}, never), 1);
  });

  const endings: readonly (readonly [string, (socket: Socket) => void])[] = [
    ['hangs up', (socket) => socket.destroy()],
    ['sends rubbish', (socket) => socket.write('rubbish\n')],
    ['sends a line without end', (socket) => socket.write('x'.repeat(1_100_000))],
  ];
  for (const [what, misbehave] of endings) {
    test(`ends every command when the monitor ${what}`, async () => {
      using qemu = await monitor(misbehave);
      await using client = await qemu.open();

      const commands = [client.execute('a', {}, never), client.execute('b', {}, never)];

      for (const { status } of await Promise.allSettled(commands)) assert.equal(status, 'rejected');
      assert.ok(client.closed.aborted);
      await assert.rejects(client.execute('late', {}, never));
    });
  }

  test('gives up on a monitor that does not greet', async () => {
    using qemu = await monitor(() => undefined, '');

    await assert.rejects(qemu.open(AbortSignal.timeout(30)), { name: 'TimeoutError' });
  });

  test('throws the reason of a caller that gave up', async () => {
    using qemu = await monitor(() => undefined);
    await using client = await qemu.open();
    const caller = new AbortController();
    const reason = new Error('enough');

    const command = client.execute('never answered', {}, caller.signal);
    caller.abort(reason);

    await assert.rejects(command, reason);
    assert.ok(!client.closed.aborted);
  });
});
