import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { newVmId, type VmId } from '../../packages/protocol/src/ids.ts';
import type { Pin, Pins } from '../../packages/banger/src/ssh/pins.ts';

export interface PinsSubject extends AsyncDisposable {
  readonly pins: Pins;
  /** What a client would trust now */
  trusted(): Promise<readonly Pin[]>;
}

export function aPin(name: string, id: VmId = newVmId()): Pin {
  return { id, name, publicKey: `ssh-ed25519 ${Buffer.from(`${name} ${id}`).toString('base64')}` };
}

/** What callers may rely on, from the real pins and from the fake ones. */
export function pinsContract(name: string, open: () => Promise<PinsSubject>): void {
  suite(`${name} keep the contract of Pins`, () => {
    test('what is put is trusted until it is dropped', async () => {
      await using subject = await open();
      const [web, db] = [aPin('web'), aPin('db')];

      await subject.pins.put(web);
      await subject.pins.put(db);
      assert.deepEqual(await subject.trusted(), [web, db]);
      await subject.pins.drop(web.id);
      await subject.pins.drop(web.id);

      assert.deepEqual(await subject.trusted(), [db]);
    });

    test('a VM has one pin, under the name it has now', async () => {
      await using subject = await open();
      const before = aPin('standby');
      const after = { ...before, name: 'web' };

      await subject.pins.put(before);
      await subject.pins.put(after);
      await subject.pins.put(after);

      assert.deepEqual(await subject.trusted(), [after]);
    });

    test('a reset forgets what was there', async () => {
      await using subject = await open();
      await subject.pins.put(aPin('old'));
      const pin = aPin('new');

      await subject.pins.reset([pin]);

      assert.deepEqual(await subject.trusted(), [pin]);
    });

    test('many at once are all there', async () => {
      await using subject = await open();
      const pins = Array.from({ length: 20 }, (_, at) => aPin(`vm-${String(at)}`));

      await Promise.all(pins.map((pin) => subject.pins.put(pin)));
      await Promise.all(pins.slice(0, 10).map(({ id }) => subject.pins.drop(id)));

      assert.deepEqual(await subject.trusted(), pins.slice(10));
    });
  });
}
