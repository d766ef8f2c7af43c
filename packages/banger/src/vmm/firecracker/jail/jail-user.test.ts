import assert from 'node:assert/strict';
import { test } from 'node:test';

import { FIRST_JAIL_UID, isJailUidOf, jailUid, LAST_JAIL_UID } from './jail-user.ts';

test('every address of the widest network has a user of its own, in the range', () => {
  const uids = new Set<number>();
  for (let index = 0; index < 0x10000; index += 1)
    uids.add(jailUid('/state', `172.16.${String(index >> 8)}.${String(index & 0xff)}`));

  assert.equal(uids.size, 0x10000);
  for (const uid of uids) assert.ok(uid >= FIRST_JAIL_UID && uid <= LAST_JAIL_UID);
});

test('networks whose addresses end alike have other users each, all of them the banger’s', () => {
  const uids = (['bridge', 'user'] as const).map((network) =>
    jailUid('/state', '10.77.255.255', network),
  );

  assert.equal(new Set(uids).size, 2);
  for (const uid of uids) {
    assert.equal(isJailUidOf('/state', uid), true);
    assert.equal(isJailUidOf('/a/banger', uid), false);
    assert.ok(uid >= FIRST_JAIL_UID && uid <= LAST_JAIL_UID);
  }
});

test('two bangers jail as different users', () => {
  assert.notEqual(jailUid('/a/banger', '172.16.0.2'), jailUid('/b/banger', '172.16.0.2'));
});

test('what is no address is refused', () => {
  assert.throws(() => jailUid('/state', '172.16.0.2/24'), /no IPv4 address/);
});
