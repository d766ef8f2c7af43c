import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { suite, test } from 'node:test';

import type { BlobCache, WantedBlob } from '../../packages/banger/src/image/oci/blob-cache.ts';

export interface BlobCacheSubject extends AsyncDisposable {
  readonly cache: BlobCache;
  /** The cache of the next daemon, on the same disk */
  reopen(): BlobCache;
  damage(digest: string): Promise<void> | void;
  /** All that is on the disk: whole blobs, parts, what is being added */
  fileCount(): Promise<number> | number;
}

const CONTENT = Buffer.from('what a layer has in it');
const DIGEST = digestOf(CONTENT);

/** What callers may rely on, from the real cache and from the fake one. */
export function blobCacheContract(name: string, open: () => Promise<BlobCacheSubject>): void {
  suite(`${name} keeps the contract of BlobCache`, () => {
    const { signal } = new AbortController();

    test('what is fetched is there, whole, and is not read again', async () => {
      await using subject = await open();
      const source = sourceOf(CONTENT);

      const blob = await subject.cache.fetch(wanted(source), signal);
      const again = await subject.cache.fetch(wanted(source), signal);

      assert.deepEqual([blob.digest, blob.sizeBytes], [DIGEST, CONTENT.length]);
      assert.deepEqual(again, blob);
      assert.deepEqual(await subject.reopen().find(DIGEST), blob);
      assert.deepEqual(source.from, [0]);
    });

    test('nothing is there before', async () => {
      await using subject = await open();

      assert.equal(await subject.cache.find(DIGEST), undefined);
      assert.deepEqual(await subject.cache.prune({ dryRun: false }), { count: 0, bytes: 0 });
    });

    test('an empty blob is a blob', async () => {
      await using subject = await open();
      const empty = { ...wanted(sourceOf(Buffer.alloc(0))), digest: digestOf(Buffer.alloc(0)) };

      const blob = await subject.cache.fetch({ ...empty, sizeBytes: 0 }, signal);

      assert.equal(blob.sizeBytes, 0);
    });

    test('what was read before a source failed is not read again, by the next daemon either', async () => {
      await using subject = await open();
      const broken = subject.cache.fetch(wanted(sourceOf(CONTENT, { failAt: 10 })), signal);
      await assert.rejects(broken, /the source failed/);
      assert.equal(await subject.cache.find(DIGEST), undefined);
      const source = sourceOf(CONTENT);
      const done: number[] = [];

      await subject.reopen().fetch({ ...wanted(source), onProgress: (n) => done.push(n) }, signal);

      assert.deepEqual(source.from, [10]);
      assert.deepEqual([done[0], done.at(-1)], [10, CONTENT.length]);
      assert.equal(await subject.fileCount(), 1);
    });

    test('when what was kept was wrong, all is read again', async () => {
      await using subject = await open();
      const other = Buffer.from('SOMETHING ELSE ALTOGET');
      const broken = subject.cache.fetch(wanted(sourceOf(other, { failAt: 10 })), signal);
      await assert.rejects(broken, /the source failed/);
      const source = sourceOf(CONTENT);

      const blob = await subject.cache.fetch(wanted(source), signal);

      assert.equal(blob.digest, DIGEST);
      assert.deepEqual(source.from, [10, 0]);
    });

    for (const [what, content, message] of [
      [
        'another digest',
        Buffer.from('something of equal len'),
        /the digest of what came is sha256:/,
      ],
      ['more bytes', Buffer.concat([CONTENT, CONTENT]), /it has more than the 22 bytes/],
      ['fewer bytes', CONTENT.subarray(0, 5), /it has 5 bytes instead of 22/],
    ] as const) {
      test(`refuses a blob with ${what}, and nothing stays`, async () => {
        await using subject = await open();

        const fetched = subject.cache.fetch(wanted(sourceOf(content)), signal);

        await assert.rejects(fetched, { code: 'image.bad_content', message });
        assert.equal(await subject.cache.find(DIGEST), undefined);
        assert.equal(await subject.fileCount(), 0);
      });
    }

    test('an endless source is cut off', async () => {
      await using subject = await open();
      let given = 0;
      async function* endless() {
        for (;;) {
          given += 1;
          yield await Promise.resolve(Buffer.alloc(8));
        }
      }

      const fetched = subject.cache.fetch({ ...wanted(sourceOf(CONTENT)), read: endless }, signal);

      await assert.rejects(fetched, { code: 'image.bad_content' });
      assert.equal(given, 3);
    });

    test('concurrent callers are one transfer, and each is told how far it is', async () => {
      await using subject = await open();
      const gate = Promise.withResolvers<undefined>();
      const source = sourceOf(CONTENT, { gate: gate.promise });
      const told: number[] = [];
      const callers = [0, 1, 2].map((index) => {
        const onProgress = (done: number) => (told[index] = done);
        return subject.cache.fetch({ ...wanted(source), onProgress }, signal);
      });
      gate.resolve(undefined);

      const blobs = await Promise.all(callers);

      assert.deepEqual(source.from, [0]);
      assert.equal(new Set(blobs.map(({ path }) => path)).size, 1);
      assert.equal(told[0], CONTENT.length);
    });

    test('a caller that goes leaves the transfer to the others', async () => {
      await using subject = await open();
      const gate = Promise.withResolvers<undefined>();
      const source = sourceOf(CONTENT, { gate: gate.promise });
      const leaving = new AbortController();
      const left = subject.cache.fetch(wanted(source), leaving.signal);
      const stays = subject.cache.fetch(wanted(source), signal);

      leaving.abort(new Error('bored'));
      await assert.rejects(left, /bored/);
      gate.resolve(undefined);

      assert.equal((await stays).digest, DIGEST);
    });

    test('an abort ends the transfer, and the next one goes on from there', async () => {
      await using subject = await open();
      const leaving = new AbortController();
      const source = sourceOf(CONTENT, { atByte: [10, () => leaving.abort(new Error('bored'))] });

      await assert.rejects(subject.cache.fetch(wanted(source), leaving.signal), /bored/);
      const next = sourceOf(CONTENT);
      await subject.cache.fetch(wanted(next), signal);

      assert.ok(next.from[0] === 0 || next.from[0] === 10);
    });

    test('what is added gets the name of its digest', async () => {
      await using subject = await open();

      const blob = await subject.cache.add(sourceOf(CONTENT).read(0), signal);

      assert.deepEqual([blob.digest, blob.sizeBytes], [DIGEST, CONTENT.length]);
      assert.deepEqual(await subject.cache.find(DIGEST), blob);
    });

    test('nothing stays of what could not be added', async () => {
      await using subject = await open();

      const added = subject.cache.add(sourceOf(CONTENT, { failAt: 5 }).read(0), signal);

      await assert.rejects(added, /the source failed/);
      assert.equal(await subject.fileCount(), 0);
    });

    test('pruning says what goes, and leaves what is held', async () => {
      await using subject = await open();
      const { cache } = subject;
      const held = await cache.add(sourceOf(CONTENT).read(0), signal);
      await cache.add(sourceOf(Buffer.from('other')).read(0), signal);
      const broken = Buffer.from('a part');
      const digest = digestOf(broken);
      const part = { ...wanted(sourceOf(broken, { failAt: 4 })), digest, sizeBytes: 6 };
      await assert.rejects(cache.fetch(part, signal));
      const hold = cache.hold([held.digest]);
      const sum = { count: 2, bytes: 'other'.length + 4 };

      assert.deepEqual(await cache.prune({ dryRun: true }), sum);
      assert.deepEqual(await cache.prune({ dryRun: false }), sum);
      assert.deepEqual(await cache.find(held.digest), held);

      hold[Symbol.dispose]();
      hold[Symbol.dispose]();
      assert.deepEqual(await cache.prune({ dryRun: false }), { count: 1, bytes: CONTENT.length });
      assert.equal(await subject.fileCount(), 0);
    });

    test('pruning leaves what is being fetched', async () => {
      await using subject = await open();
      const part = sourceOf(CONTENT, { failAt: 10 });
      await assert.rejects(subject.cache.fetch(wanted(part), signal));
      const gate = Promise.withResolvers<undefined>();
      const source = sourceOf(CONTENT, { gate: gate.promise });
      const fetched = subject.cache.fetch(wanted(source), signal);

      const pruned = await subject.cache.prune({ dryRun: false });
      gate.resolve(undefined);

      assert.equal(pruned.count, 0);
      assert.equal((await fetched).digest, DIGEST);
      assert.deepEqual(source.from, [10]);
    });

    test('weeding removes what is no longer what it was', async () => {
      await using subject = await open();
      const { cache } = subject;
      const kept = await cache.add(sourceOf(Buffer.from('other')).read(0), signal);
      await cache.add(sourceOf(CONTENT).read(0), signal);
      await subject.damage(DIGEST);

      assert.equal(await cache.weed([DIGEST, kept.digest], signal), 1);

      assert.equal(await cache.find(DIGEST), undefined);
      assert.deepEqual(await cache.find(kept.digest), kept);
    });
  });
}

interface Source {
  /** From which bytes it was asked */
  readonly from: number[];
  read(from: number): AsyncGenerator<Uint8Array>;
}

interface Trouble {
  readonly failAt?: number;
  readonly gate?: Promise<unknown>;
  readonly atByte?: readonly [number, () => void];
}

/** Gives five bytes at a time. */
function sourceOf(content: Buffer, { failAt, gate, atByte }: Trouble = {}): Source {
  const asked: number[] = [];
  return {
    from: asked,
    async *read(from) {
      asked.push(from);
      await gate;
      for (let at = from; at < content.length; at += 5) {
        if (atByte !== undefined && at >= atByte[0]) atByte[1]();
        if (failAt !== undefined && at >= failAt) throw new Error('the source failed');
        yield content.subarray(at, Math.min(at + 5, failAt ?? at + 5));
      }
    },
  };
}

function wanted(source: Source): WantedBlob {
  return { digest: DIGEST, sizeBytes: CONTENT.length, read: (from) => source.read(from) };
}

function digestOf(content: Buffer): string {
  return `sha256:${createHash('sha256').update(content).digest('hex')}`;
}
