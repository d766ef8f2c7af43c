import * as z from 'zod';

import type { GuestMachine } from './guest-machine.ts';
import { Fault, PRE_BOOT } from './refusals.ts';
import type { Resources } from './resources.ts';

const PAGES_PER_MIB = 256;
/** QEMU has the largest number for what the guest has not told. */
const UNTOLD = 2 ** 63;

/** `part`: what follows `/balloon` in the path */
export async function describeBalloon(
  { balloon }: Resources,
  part: string,
  machine: GuestMachine | undefined,
): Promise<unknown> {
  const what = machine === undefined ? 'Balloon config error: ' : 'Internal VMM error: Balloon: ';
  if (balloon === undefined) throw new Fault(`${what}No balloon device found.`);
  if (part === '') return balloon;
  if (part !== 'statistics') {
    throw new Fault(`Invalid request method and/or path: GET balloon/${part}.`);
  }
  if (machine === undefined) throw new Fault(PRE_BOOT);
  if (balloon.stats_polling_interval_s === 0) throw new Fault(`${what}Statistics are not enabled.`);
  const actual = await machine.balloonMib();
  return {
    target_pages: balloon.amount_mib * PAGES_PER_MIB,
    actual_pages: actual * PAGES_PER_MIB,
    target_mib: balloon.amount_mib,
    actual_mib: actual,
    ...told(await machine.balloonStats()),
  };
}

export async function patchBalloon(
  { balloon, machine: { mem_size_mib: memoryMib } }: Resources,
  { body, part }: { readonly body: unknown; readonly part: string },
  machine: GuestMachine,
): Promise<void> {
  const cannot = 'Balloon update error: Balloon: ';
  if (balloon === undefined) throw new Fault(`${cannot}No balloon device found.`);
  if (part === 'statistics') {
    const { stats_polling_interval_s: interval } = z
      .object({ stats_polling_interval_s: z.int() })
      .parse(body);
    if ((interval === 0) !== (balloon.stats_polling_interval_s === 0)) {
      throw new Fault(`${cannot}Statistics cannot be turned on/off after boot.`);
    }
    await machine.pollBalloon(interval);
    balloon.stats_polling_interval_s = interval;
    return;
  }
  const { amount_mib: amount } = z.object({ amount_mib: z.int() }).parse(body);
  if (amount > memoryMib) throw new Fault(`${cannot}Amount of pages requested is too large.`);
  await machine.inflateBalloon(amount);
  balloon.amount_mib = amount;
}

function told(stats: Readonly<Record<string, number>>) {
  const known = {
    swap_in: stats['stat-swap-in'],
    swap_out: stats['stat-swap-out'],
    major_faults: stats['stat-major-faults'],
    minor_faults: stats['stat-minor-faults'],
    free_memory: stats['stat-free-memory'],
    total_memory: stats['stat-total-memory'],
    available_memory: stats['stat-available-memory'],
    disk_caches: stats['stat-disk-caches'],
  };
  const kept = Object.entries(known).filter(([, value]) => value !== undefined && value < UNTOLD);
  return Object.fromEntries(kept);
}
