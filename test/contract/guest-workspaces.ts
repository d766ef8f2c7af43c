import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { inPieces } from '../../packages/sdk/src/workspace/pieces.ts';
import { encodeMeta, uint32, type FileEntry } from '../../packages/sdk/src/workspace/manifest.ts';
import { shipHead, type ShipHeader } from '../../packages/sdk/src/workspace/ship.ts';
import { aBoot } from '../support/guest-commands.ts';
import type { GuestSubject } from './guest-subject.ts';

const { signal: never } = new AbortController();

/** What callers may rely on when they ship a checkout into a guest. */
export function guestWorkspacesContract({ name, connect }: GuestSubject): void {
  const connectBooted = async () => {
    const guest = await connect();
    await guest.boot(aBoot, never);
    return guest;
  };

  suite(`${name} keeps the GuestWorkspaces contract`, () => {
    test('wants everything first, takes it, and then wants nothing', async () => {
      await using guest = await connectBooted();

      const first = await guest.workspaces.plan(head(['a', 'b']), never);
      const applied = await guest.workspaces.apply(whole(['a', 'b']), never);
      const second = await guest.workspaces.plan(head(['a', 'b']), never);

      assert.deepEqual([first.want, first.git, first.unchanged], [[0, 1], 'whole', false]);
      assert.deepEqual(applied, { written: 2, removed: 0 });
      assert.deepEqual([second.want, second.unchanged], [[], true]);
    });

    test('wants what is new, and says what goes', async () => {
      await using guest = await connectBooted();
      await guest.workspaces.apply(whole(['a', 'b']), never);

      const plan = await guest.workspaces.plan(head(['b', 'c']), never);

      assert.deepEqual([plan.want, plan.removeCount, plan.git], [[1], 1, 'nothing']);
    });

    test('refuses a place that no ship has made', async () => {
      await using guest = await connectBooted();

      const plan = guest.workspaces.plan(head(['a'], '/root/foreign'), never);

      await assert.rejects(plan, { code: 'workspace.occupied' });
    });

    test('refuses what does not fit', async () => {
      await using guest = await connectBooted();

      const plan = guest.workspaces.plan(head(['a'], '/root/repo', 2 ** 40), never);

      await assert.rejects(plan, { code: 'guest.disk_full' });
    });

    test('refuses a ship that was cut short', async () => {
      await using guest = await connectBooted();

      const applied = guest.workspaces.apply(head(['a']), never);

      await assert.rejects(applied, { code: 'usage.invalid' });
    });

    test('tells the failure of the bytes as it is', async () => {
      await using guest = await connectBooted();

      const applied = guest.workspaces.apply(failing(), never);

      await assert.rejects(applied, { message: 'the disk of the host broke' });
    });

    test('ends with the signal', async () => {
      await using guest = await connectBooted();
      const caller = new AbortController();

      const applied = guest.workspaces.apply(endless(), caller.signal);
      caller.abort(new Error('enough'));

      await assert.rejects(applied, { message: 'enough' });
    });
  });
}

function header(guestPath: string): ShipHeader {
  const refs = [{ name: 'refs/heads/main', id: 'a'.repeat(40) }];
  const git = { gitVersion: '1', head: 'ref: refs/heads/main', refs, shallow: [], gitBytes: 0 };
  return { guestPath, overwrite: false, readOnly: false, ...git };
}

function file(path: string, sizeBytes = 1): FileEntry {
  const times = { mtimeNs: 5n, ctimeNs: 6n, inode: 7n };
  return { path, kind: 1, mode: 0o644, sizeBytes, ...times };
}

function head(paths: readonly string[], guestPath = '/root/repo', sizeBytes = 1) {
  const files = paths.map((path) => file(path, sizeBytes));
  return inPieces(shipHead(header(guestPath), files));
}

async function* whole(paths: readonly string[]) {
  yield* head(paths);
  for (const [index, path] of paths.entries()) {
    yield Buffer.concat([
      Buffer.of(1),
      uint32(index),
      encodeMeta(file(path)),
      Buffer.from('x\x01'),
    ]);
  }
  yield Buffer.of(3);
}

async function* failing() {
  yield* head(['a']);
  throw new Error('the disk of the host broke');
}

async function* endless() {
  yield* head(['a']);
  await new Promise(() => undefined);
}
