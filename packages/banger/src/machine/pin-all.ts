import type { HostKeyDeps } from './steps/make-host-key.ts';
import type { VmRecord } from './record.ts';

/** At daemon start: the pins are those of the VMs that there are, whatever became of the file meanwhile. */
export async function pinAll(
  { hostKeys, pins }: HostKeyDeps,
  records: readonly VmRecord[],
): Promise<void> {
  const found = await Promise.all(
    records.map(async ({ id, name, plan }) => {
      if (plan === null) return [];
      try {
        const { publicKey } = await hostKeys.make(plan.paths.hostKey);
        return [{ id, name, publicKey }];
      } catch {
        return []; // Without its directory it is about to be removed; otherwise its next start says what is wrong.
      }
    }),
  );
  await pins.reset(found.flat());
}
