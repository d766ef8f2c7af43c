import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { after, suite, test } from 'node:test';

import { createFakeClock } from '../../host/fake-clock.ts';
import { createSystemClock } from '../../host/system-clock.ts';
import { connectVsock } from './vsock-stream.ts';

const { signal: never } = new AbortController();
const dir = mkdtempSync(join(tmpdir(), 'banger-vsock-'));
let sockets = 0;
after(() => rmSync(dir, { recursive: true }));

/** Firecracker's socket, as far as `CONNECT`; `tries` counts from 1. */
async function firecracker(onConnect: (socket: Socket, tries: number) => void) {
  sockets += 1;
  const socketPath = join(dir, `${String(sockets)}.sock`);
  const lines: string[] = [];
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    open.add(socket);
    socket.once('close', () => open.delete(socket));
    socket.on('error', () => undefined);
    socket.once('data', (line: Buffer) => {
      lines.push(line.toString());
      onConnect(socket, lines.length);
    });
  });
  server.listen(socketPath);
  await once(server, 'listening');
  return {
    lines,
    open,
    connect: (signal = never, clock = createSystemClock()) =>
      connectVsock({ socketPath, port: 1024, clock }, signal),
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

async function read(stream: Duplex, length: number): Promise<string> {
  let text = '';
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (text.length >= length) break;
  }
  return text;
}

suite('the way to a port of the guest', () => {
  test('carries bytes both ways after the guest has accepted', async () => {
    await using vmm = await firecracker((socket) => {
      socket.write('OK 1073741824\n');
      socket.on('data', (bytes) => socket.write(bytes));
    });

    const stream = await vmm.connect();
    stream.write('hello');

    assert.equal(await read(stream, 5), 'hello');
    assert.deepEqual(vmm.lines, ['CONNECT 1024\n']);
    stream.destroy();
  });

  test('keeps what the guest said right behind the answer', async () => {
    const early = 'x'.repeat(100_000);
    await using vmm = await firecracker((socket) => void socket.write(`OK 7\n${early}`));

    const stream = await vmm.connect();

    assert.equal(await read(stream, early.length), early);
    stream.destroy();
  });

  test('takes an answer that comes byte by byte', async () => {
    await using vmm = await firecracker((socket) => {
      socket.setNoDelay(true);
      for (const [index, letter] of Array.from('OK 12\nab').entries()) {
        setTimeout(() => socket.write(letter), index);
      }
    });

    const stream = await vmm.connect();

    assert.equal(await read(stream, 2), 'ab');
    stream.destroy();
  });

  test('tries again while nobody in the guest listens', async () => {
    await using vmm = await firecracker((socket, tries) => {
      if (tries < 4) socket.destroy();
      else if (tries === 4)
        socket.end('OK 1'); // Half a line.
      else socket.write('OK 1\n');
    });

    const stream = await vmm.connect();

    assert.equal(vmm.lines.length, 5);
    stream.destroy();
    await once(stream, 'close');
  });

  test('gives up a connection that is not answered, and tries another', async () => {
    const clock = createFakeClock();
    const heard = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
    await using vmm = await firecracker((socket, tries) => {
      if (tries === 2) socket.write('OK 1\n');
      heard[tries - 1]?.resolve(undefined);
    });

    const connecting = vmm.connect(never, clock);
    await heard[0]?.promise;
    await clock.advance(5_000);
    await clock.advance(5);

    (await connecting).destroy();
    assert.equal(clock.waiting, 0);
  });

  for (const [what, answer] of [
    ['something else', 'HTTP/1.1 400 Bad Request\n'],
    ['a number that is none', 'OK x\n'],
    ['a line without end', 'OK 1'.padEnd(64, '1')],
    ['megabytes without a line end', 'x'.repeat(4 << 20)],
  ] as const) {
    test(`refuses a socket that answers ${what}`, async () => {
      await using vmm = await firecracker((socket) => void socket.write(answer));

      const refused = await vmm.connect().then(
        () => assert.fail('accepted'),
        (error: unknown) => error as Error,
      );

      assert.equal((refused as Error & { code: string }).code, 'guest.protocol');
      assert.ok(refused.message.length < 120, refused.message);
    });
  }

  test('says that the VM ended when the socket is closed', async () => {
    const socketPath = join(dir, 'nothing.sock');

    const connecting = connectVsock({ socketPath, port: 1024, clock: createSystemClock() }, never);

    await assert.rejects(connecting, { code: 'vm.ended' });
  });

  test('ends with the reason of the abort, and leaves no connection and no wait', async () => {
    for (const refuses of [true, false]) {
      const clock = createFakeClock();
      const heard = Promise.withResolvers<undefined>();
      await using vmm = await firecracker((socket) => {
        if (refuses) socket.destroy();
        heard.resolve(undefined);
      });
      const caller = new AbortController();

      const connecting = vmm.connect(caller.signal, clock);
      await heard.promise;
      caller.abort(new Error('enough'));

      await assert.rejects(connecting, { message: 'enough' });
      assert.equal(clock.waiting, 0);
      for (const socket of vmm.open) await once(socket, 'close');
    }
  });
});
