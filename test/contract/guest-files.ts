import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { archiveOf, inChunks, top } from '../../packages/sdk/src/files/files.fixture.ts';
import { ByteReader } from '../../packages/sdk/src/tar/byte-reader.ts';
import { readTar } from '../../packages/sdk/src/tar/read-tar.ts';
import type { Guest } from '../../packages/banger/src/guest/guest.ts';
import { aBoot } from '../support/guest-commands.ts';
import type { GuestSubject } from './guest-subject.ts';

const { signal: never } = new AbortController();
const content = 'content '.repeat(50_000);

/** What callers may rely on when they copy files. */
export function guestFilesContract({ name, connect }: GuestSubject): void {
  const connectBooted = async () => {
    const guest = await connect();
    await guest.boot(aBoot, never);
    return guest;
  };
  const putFile = (guest: Guest, path: string) =>
    guest.files.put({ path }, inChunks(archiveOf({ content }), 100_000), never);

  suite(`${name} keeps the GuestFiles contract`, () => {
    test('gives back what it was given', async () => {
      await using guest = await connectBooted();

      const placed = await putFile(guest, '/root/f');
      const packed = await guest.files.get(
        { path: '/root/f', follow: false, isNamed: false },
        never,
      );

      assert.deepEqual(placed, { path: '/root/f', entries: 1 });
      assert.deepEqual([packed.kind, packed.sizeBytes], ['file', content.length]);
      assert.deepEqual(await unpacked(packed.archive), [['.', content]]);
    });

    test('puts a tree into a directory that is there, by its name', async () => {
      await using guest = await connectBooted();
      const archive = archiveOf(top, { name: 'f', content: 'x' });

      const placed = await guest.files.put(
        { path: '/root', name: 'tree' },
        inChunks(archive),
        never,
      );
      const packed = await guest.files.get(
        { path: '/root/tree', follow: false, isNamed: true },
        never,
      );

      assert.equal(placed.path, '/root/tree');
      assert.equal(packed.kind, 'directory');
      const entries = await unpacked(packed.archive);
      assert.deepEqual(
        entries.map(([entry]) => entry),
        ['tree', 'tree/f'],
      );
    });

    test('makes the directories before it when asked, and refuses when not', async () => {
      await using guest = await connectBooted();

      await assert.rejects(putFile(guest, '/root/a/b/f'), { code: 'files.not_found' });
      await guest.files.put(
        { path: '/root/a/b/f', makeParents: true },
        inChunks(archiveOf({ content })),
        never,
      );

      assert.ok(
        await guest.files.get({ path: '/root/a/b/f', follow: false, isNamed: false }, never),
      );
      assert.ok(!guest.lost.aborted);
    });

    test('says what is not there, and that a file is no directory', async () => {
      await using guest = await connectBooted();
      await putFile(guest, '/root/f');

      const getting = guest.files.get({ path: '/none', follow: false, isNamed: false }, never);
      const putting = guest.files.put({ path: '/root/f' }, inChunks(archiveOf(top)), never);

      await assert.rejects(getting, { code: 'files.not_found' });
      await assert.rejects(putting, { code: 'files.wrong_kind' });
    });

    test('refuses a hostile archive, and nothing of it is there', async () => {
      await using guest = await connectBooted();
      const archive = archiveOf(top, { name: 'f', content: 'x' }, { name: '../out', content: 'x' });

      const putting = guest.files.put({ path: '/root', name: 'tree' }, inChunks(archive), never);

      await assert.rejects(putting, { code: 'files.bad_archive' });
      const getting = guest.files.get({ path: '/root/tree', follow: false, isNamed: false }, never);
      await assert.rejects(getting, { code: 'files.not_found' });
    });

    test('refuses before the end of an archive, and closes it', async () => {
      await using guest = await connectBooted();
      let isClosed = false;
      async function* endless() {
        try {
          yield archiveOf({ content }).subarray(0, 2048);
          for (;;) {
            await new Promise((resolve) => setImmediate(resolve));
            yield Buffer.alloc(65_536);
          }
        } finally {
          isClosed = true;
        }
      }

      const putting = guest.files.put({ path: '/none/f' }, endless(), never);

      await assert.rejects(putting, { code: 'files.not_found' });
      await new Promise((resolve) => setImmediate(resolve));
      await new Promise((resolve) => setImmediate(resolve));
      assert.ok(isClosed);
    });

    test('an archive that fails is the reason, and nothing of it is there', async () => {
      await using guest = await connectBooted();
      const reason = new Error('the client went away');
      async function* failing() {
        yield archiveOf({ content }).subarray(0, 5000);
        await new Promise((resolve) => setImmediate(resolve));
        throw reason;
      }

      await assert.rejects(guest.files.put({ path: '/root/f' }, failing(), never), reason);

      const getting = guest.files.get({ path: '/root/f', follow: false, isNamed: false }, never);
      await assert.rejects(getting, { code: 'files.not_found' });
      assert.ok(!guest.lost.aborted);
    });

    test('obeys its caller, in the middle too', async () => {
      await using guest = await connectBooted();
      const caller = new AbortController();
      const reason = new Error('enough');
      async function* stuck() {
        yield archiveOf({ content }).subarray(0, 5000);
        caller.abort(reason);
        await new Promise(() => undefined);
      }

      await assert.rejects(guest.files.put({ path: '/root/f' }, stuck(), caller.signal), reason);
      await assert.rejects(
        guest.files.get({ path: '/root', follow: false, isNamed: false }, caller.signal),
        reason,
      );

      assert.ok(!guest.lost.aborted);
    });

    test('an archive may be left in the middle', async () => {
      await using guest = await connectBooted();
      await putFile(guest, '/root/f');
      const { archive } = await guest.files.get(
        { path: '/root', follow: false, isNamed: false },
        never,
      );

      await archive.next();
      await archive.return({ names: [], count: 0 });

      assert.equal((await guest.info(never)).phase, 'booted');
    });

    test('breaks an archive when the guest is lost', async () => {
      const guest = await connectBooted();
      await putFile(guest, '/root/f');
      const { archive } = await guest.files.get(
        { path: '/root', follow: false, isNamed: false },
        never,
      );
      await archive.next();

      await guest[Symbol.asyncDispose]();

      await assert.rejects(
        async () => {
          while ((await archive.next()).done !== true);
        },
        { code: 'guest.unreachable' },
      );
    });

    test('copies nothing before the guest has booted', async () => {
      await using guest = await connect();

      await assert.rejects(putFile(guest, '/root/f'), { code: 'guest.refused' });
      const getting = guest.files.get({ path: '/', follow: false, isNamed: false }, never);
      await assert.rejects(getting, { code: 'guest.refused' });
    });
  });
}

async function unpacked(archive: AsyncIterable<Uint8Array>): Promise<[string, string][]> {
  const entries: [string, string][] = [];
  for await (const { name, pieces } of readTar(new ByteReader(archive))) {
    let text = '';
    for await (const { bytes } of pieces) text += bytes.toString();
    entries.push([name.replace(/\/$/, ''), text]);
  }
  return entries;
}
