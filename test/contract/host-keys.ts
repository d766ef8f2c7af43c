import assert from 'node:assert/strict';
import { join } from 'node:path';
import { suite, test } from 'node:test';

import type { HostKeys } from '../../packages/banger/src/ssh/host-keys.ts';

export interface HostKeysSubject extends AsyncDisposable {
  readonly hostKeys: HostKeys;
  /** Exists, and is this test's own */
  readonly dir: string;
}

/** What callers may rely on, from the real keys and from the fake ones. */
export function hostKeysContract(name: string, open: () => Promise<HostKeysSubject>): void {
  suite(`${name} keep the contract of HostKeys`, () => {
    test('a key is made once, and is the same from then on', async () => {
      await using subject = await open();
      const file = join(subject.dir, 'key');

      const made = await subject.hostKeys.make(file);
      const again = await subject.hostKeys.make(file);

      assert.deepEqual(again, made);
      assert.equal(made.type, 'ed25519');
      assert.match(made.publicKey, /^ssh-ed25519 [A-Za-z0-9+/]+=*$/);
      assert.match(made.privateKey, /^-----BEGIN OPENSSH PRIVATE KEY-----\n/);
      assert.match(made.privateKey, /\n-----END OPENSSH PRIVATE KEY-----\n$/);
    });

    test('every file has another key', async () => {
      await using subject = await open();

      const keys = await Promise.all(
        ['one', 'two'].map((file) => subject.hostKeys.make(join(subject.dir, file))),
      );

      assert.equal(new Set(keys.map(({ publicKey }) => publicKey)).size, 2);
      assert.equal(new Set(keys.map(({ privateKey }) => privateKey)).size, 2);
    });

    test('a removed key does not come back, and removing may be repeated', async () => {
      await using subject = await open();
      const file = join(subject.dir, 'key');
      const before = await subject.hostKeys.make(file);

      await subject.hostKeys.remove(file);
      await subject.hostKeys.remove(file);
      const after = await subject.hostKeys.make(file);

      assert.notEqual(after.publicKey, before.publicKey);
    });
  });
}
