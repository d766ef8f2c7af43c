import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, suite, test } from 'node:test';

import { ApiRefusal, createApiClient } from './api-client.ts';
import { stateCall } from './machine-calls.ts';

const { signal: never } = new AbortController();
const dir = mkdtempSync(join(tmpdir(), 'fc-api-'));
let sockets = 0;
after(() => rmSync(dir, { recursive: true }));

/** Says this to whatever it is asked. */
async function answering(answer: (socket: Socket) => void) {
  sockets += 1;
  const path = join(dir, `${String(sockets)}.sock`);
  const open = new Set<Socket>();
  const asked: string[] = [];
  const server = createServer((socket) => {
    open.add(socket);
    socket.on('error', () => undefined);
    socket.once('data', (bytes: Buffer) => {
      asked.push(bytes.toString());
      answer(socket);
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    asked,
    get: (signal = never) =>
      createApiClient(path).call({ method: 'GET', path: '/' }, { signal, timeoutMs: 200 }),
    pause: () => createApiClient(path).call(stateCall('Paused'), { signal: never }),
    async [Symbol.asyncDispose]() {
      for (const socket of open) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

function response(status: string, body: string): string {
  return `HTTP/1.1 ${status}\r\nContent-Length: ${String(Buffer.byteLength(body))}\r\n\r\n${body}`;
}

suite('the client of Firecracker’s API', () => {
  test('sends a body with its length and resolves with what comes back', async () => {
    await using vmm = await answering((socket) => void socket.end(response('200 OK', '{"a":1}')));
    await using silent = await answering(
      (socket) => void socket.end('HTTP/1.1 204 No Content\r\n\r\n'),
    );

    assert.deepEqual(await vmm.get(), { a: 1 });
    assert.equal(await silent.pause(), undefined);
    assert.match(silent.asked.join(), /^PATCH \/vm HTTP\/1\.1\r\n/);
    assert.match(silent.asked.join(), /content-length: 18\r\n[^]*\r\n\r\n\{"state":"Paused"\}$/i);
  });

  test('tells a refusal in Firecracker’s words, on one line of bounded length', async () => {
    const body = JSON.stringify({ fault_message: `no\n\u001b[31m${'x'.repeat(10_000)}` });
    await using vmm = await answering(
      (socket) => void socket.end(response('400 Bad Request', body)),
    );

    const refusal = await vmm.get().catch((error: unknown) => error);

    assert.ok(refusal instanceof ApiRefusal);
    assert.equal(refusal.status, 400);
    assert.match(refusal.fault, /^no \[31mx+$/);
    assert.equal(refusal.fault.length, 500);
  });

  for (const [what, answer, message] of [
    ['a refusal without words', response('500 Oops', 'oops'), /refused GET \/: status 500$/],
    ['something that is no JSON', response('200 OK', '{"a":'), /GET \/: .*JSON/],
    ['no HTTP', '\0garbage\r\n\r\n', /GET \/: .*Parse Error/],
    ['half a body', 'HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{"a"', /GET \/: aborted$/],
    ['nothing', '', /GET \/: socket hang up$/],
    ['too much', response('200 OK', 'x'.repeat(100_000)), /longer than 65536 bytes$/],
  ] as const) {
    test(`refuses ${what}`, async () => {
      await using vmm = await answering((socket) => void socket.end(answer));

      await assert.rejects(vmm.get(), { message });
    });
  }

  test('gives up after its deadline, also in the middle of an answer', async () => {
    for (const beginning of ['', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{']) {
      await using vmm = await answering((socket) => void socket.write(beginning));

      await assert.rejects(vmm.get(), { message: /GET \/: it did not answer within 0\.2 s$/ });
    }
  });

  test('ends with the reason of the abort', async () => {
    const caller = new AbortController();
    const reason = new Error('enough');
    await using vmm = await answering(() => caller.abort(reason));

    await assert.rejects(vmm.get(caller.signal), reason);
  });

  test('says that nobody is there', async () => {
    const client = createApiClient(join(dir, 'nobody.sock'));

    await assert.rejects(client.call({ method: 'GET', path: '/' }, { signal: never }), {
      message: /GET \/: connect ENOENT/,
    });
  });
});
