import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { ByteReader } from '../../packages/sdk/src/tar/byte-reader.ts';
import { readTar } from '../../packages/sdk/src/tar/read-tar.ts';
import { aBoot, run } from '../support/guest-commands.ts';
import type { GuestSubject } from './guest-subject.ts';

const { signal: never } = new AbortController();
const MAX = { maxBytes: 1024 * 1024 };

/** What callers may rely on when a guest runs a step of a build. */
export function guestBuildsContract({ name, connect }: GuestSubject): void {
  const connectBuild = async () => {
    const guest = await connect();
    await guest.boot({ ...aBoot, init: 'build' }, never);
    return guest;
  };

  suite(`${name} keeps the GuestBuilds contract`, () => {
    test('gives what was changed as a layer, and again', async () => {
      await using guest = await connectBuild();
      await run(guest, ['sh', '-c', 'touch /b; touch /a']);

      const layers = [
        await namesOf(guest.builds.takeLayer(MAX, never)),
        await namesOf(guest.builds.takeLayer(MAX, never)),
      ];

      assert.deepEqual(layers, [
        ['a', 'b'],
        ['a', 'b'],
      ]);
    });

    test('has no layer where nothing was built', async () => {
      await using guest = await connect();
      await guest.boot(aBoot, never);

      await assert.rejects(guest.builds.takeLayer(MAX, never).next(), {
        code: 'guest.refused',
        message: /was not booted for a build/,
      });
    });

    test('sends no more than it may', async () => {
      await using guest = await connectBuild();
      await run(guest, ['sh', '-c', 'touch /a']);

      await assert.rejects(namesOf(guest.builds.takeLayer({ maxBytes: 600 }, never)), {
        code: 'guest.protocol',
        message: 'The guest sent more than 600 bytes of a layer',
      });
    });

    test('obeys its caller, in the middle too, and a layer may be left in the middle', async () => {
      await using guest = await connectBuild();
      await run(guest, ['sh', '-c', 'touch /a; touch /b']);
      const caller = new AbortController();
      const reason = new Error('enough');

      const left = guest.builds.takeLayer(MAX, never);
      await left.next();
      await left.return();
      const aborted = guest.builds.takeLayer(MAX, caller.signal);
      await aborted.next();
      caller.abort(reason);

      await assert.rejects(namesOf(aborted), reason);
      assert.equal((await guest.info(never)).phase, 'booted');
    });

    test('breaks a layer when the guest is lost', async () => {
      const guest = await connectBuild();
      await run(guest, ['sh', '-c', 'touch /a; touch /b']);
      const layer = guest.builds.takeLayer(MAX, never);
      await layer.next();

      await guest[Symbol.asyncDispose]();

      await assert.rejects(namesOf(layer), { code: 'guest.unreachable' });
    });
  });
}

async function namesOf(layer: AsyncIterable<Uint8Array>): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of readTar(new ByteReader(layer))) names.push(name);
  return names;
}
