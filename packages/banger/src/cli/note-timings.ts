import { BangerError } from '@banger/protocol/errors';
import type { Banger, VmDetails } from '@banger/sdk';

import type { Context } from './command.ts';
import { formatTook } from './duration-text.ts';
import { flag } from './flags.ts';
import { startedFromText } from './started-from-text.ts';
import { formatWaterfall, startTookMs } from './waterfall-text.ts';

export const timingsFlag = {
  timings: flag.boolean('Afterwards print on stderr where the time of the start went'),
};

/** Says where the time of a VM's last start went; nothing about one that never started or is gone. */
export async function noteTimings(
  banger: Banger,
  vm: string,
  { out, signal }: Pick<Context, 'out' | 'signal'>,
): Promise<void> {
  const details = await banger.vms.show(vm, { signal }).catch((error: unknown) => {
    if (error instanceof BangerError && error.code === 'vm.not_found') return undefined;
    throw error;
  });
  for (const line of details === undefined ? [] : describeStart(details)) out.note(line);
}

function describeStart({ name, startedFrom, timings }: VmDetails): readonly string[] {
  if (timings.length === 0) return [];
  const from = startedFrom === null ? '' : ` from ${startedFromText(startedFrom)}`;
  return [
    `VM "${name}" started${from} in ${formatTook(startTookMs(timings))}:`,
    ...formatWaterfall(timings).map((line) => `  ${line}`),
  ];
}
