import { BangerError } from '@banger/protocol/errors';

import type { Clock } from '../../host/clock.ts';
import type { Processes } from '../../host/processes.ts';
import type { DriverProbe, VmmDriver } from '../driver.ts';
import { createVersionProbe, type VersionProbe } from '../version-probe.ts';
import { adoptFirecracker } from './adopt-firecracker.ts';
import type { Cells } from './cell.ts';
import { fingerprint } from './firecracker-fingerprint.ts';
import type { FirecrackerHost } from './firecracker-host.ts';
import { firecrackerProgram, lacksOf, RELEASES, unusableVersion } from './firecracker-versions.ts';
import { launchFirecracker } from './launch-firecracker.ts';
import { createOpenCells } from './open-cell.ts';
import { instanceId, ownLine } from './own-lines.ts';
import { sweepFirecracker } from './sweep-firecracker.ts';

const INSTALL = `Put the program of ${RELEASES} into PATH, or set firecracker_bin`;
/** Two orders of magnitude more than it needs, for a loaded host */
const PATIENCE_MS = 20_000;

export interface FirecrackerDriverOptions {
  readonly processes: Processes;
  readonly clock: Clock;
  /** Name in PATH or absolute path */
  readonly binary?: string;
  /** Open ones unless told */
  readonly cells?: Cells;
  /** What its start, and each request of a launch, may take; 20 s unless told */
  readonly patienceMs?: number;
  /** Shared with others that ask for it; an own one unless told */
  readonly versions?: VersionProbe;
}

/** VMs by Firecracker: under KVM only, on a tap: of the host's bridge, or in a network of its own. */
export function createFirecrackerDriver(options: FirecrackerDriverOptions): VmmDriver {
  const { processes, clock, binary = 'firecracker', cells = createOpenCells(options) } = options;
  const { versions = createVersionProbe({ processes, clock }) } = options;
  const find = async (signal: AbortSignal) => {
    const found = await processes.find(binary);
    if (found !== undefined)
      return { binary: found, version: await versions(firecrackerProgram, found, signal) };
    throw new BangerError('host.tool_missing', `Cannot run "${binary}": it is not installed`, {
      hint: INSTALL,
      details: { program: binary },
    });
  };
  const host: FirecrackerHost = {
    processes,
    clock,
    cells,
    patienceMs: options.patienceMs ?? PATIENCE_MS,
    async locate(signal) {
      const found = await find(signal);
      const problem = unusableVersion(found.version);
      if (problem === undefined) return found;
      throw new BangerError('host.tool_missing', `Cannot use "${found.binary}": ${problem.what}`, {
        hint: problem.hint,
      });
    },
  };
  return {
    name: 'firecracker',
    features: {
      accelerators: ['kvm'],
      networks: ['bridge', 'user'],
      driveSerials: false,
      savedStates: true,
      networkLimits: true,
    },
    async probe(signal) {
      const found = await processes.find(binary);
      return probe(find, found ?? binary, signal);
    },
    fingerprint: (plan, signal) => fingerprint(host, plan, signal),
    launch: (plan, signal) => launchFirecracker(host, plan, signal),
    adopt: (plan, signal) => adoptFirecracker(host, plan, signal),
    log: ({ id, paths }) => ({
      file: paths.consoleLog,
      own: (line) => ownLine(instanceId(id), line),
    }),
    sweep: (plan, signal) => sweepFirecracker(host, plan, signal),
  };
}

async function probe(
  find: (signal: AbortSignal) => Promise<{ readonly binary: string; readonly version: string }>,
  name: string,
  signal: AbortSignal,
): Promise<DriverProbe> {
  try {
    const { binary, version } = await find(signal);
    const problem = unusableVersion(version);
    const problems = problem === undefined ? [] : [problem];
    return { binary, version, problems, lacks: lacksOf(version) };
  } catch (error) {
    if (!(error instanceof BangerError)) throw error;
    const problem = { what: error.message, hint: error.hint ?? INSTALL };
    return { version: '', binary: name, problems: [problem], lacks: [] };
  }
}
