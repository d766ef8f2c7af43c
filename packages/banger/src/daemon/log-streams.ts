import { followFile } from '../host/follow-file.ts';
import { followLines } from '../host/follow-lines.ts';
import type { Machines } from '../machine/machines.ts';
import type { MachinePlan } from '../machine/plan.ts';
import type { VmmLog } from '../vmm/driver.ts';
import type { EventHub } from './event-hub.ts';
import type { TextStreams } from './text-streams.ts';

export interface LogSources {
  readonly machines: Machines;
  readonly events: EventHub;
  readonly daemonLog: string;
  readonly monitorLog: (plan: MachinePlan) => VmmLog;
}

export function logStreams({ machines, events, daemonLog, monitorLog }: LogSources): TextStreams {
  return {
    // Not a generator: an unknown VM is an answer of its own, and no broken stream.
    vmLog(reference, source, options) {
      const { plan } = machines.find(reference).record;
      if (plan === null) return nothing(); // Its image is still being made.
      if (source === 'console') return followFile(plan.paths.consoleLog, options);
      const { file, own } = monitorLog(plan);
      return own === undefined ? followFile(file, options) : followLines(file, own, options);
    },
    daemonLog: (options) => followFile(daemonLog, options),
    events: (after, signal) => events.follow(after, signal),
  };
}

async function* nothing(): AsyncGenerator<Uint8Array> {
  // No byte at all.
}
