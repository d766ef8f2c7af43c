import { stat } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import type { Processes } from '../../host/processes.ts';

const PROBE_MS = 10_000;

export type VersionProbe = (binary: string, signal: AbortSignal) => Promise<string>;

/** Asks a binary for its version once, and again when the file has changed. */
export function createVersionProbe(processes: Processes): VersionProbe {
  const known = new Map<string, string>();
  return async (binary, signal) => {
    const { mtimeMs, size } = await stat(binary);
    const key = `${binary} ${String(mtimeMs)} ${String(size)}`;
    const version = known.get(key) ?? (await ask(processes, binary, signal));
    known.set(key, version);
    return version;
  };
}

async function ask(processes: Processes, binary: string, signal: AbortSignal): Promise<string> {
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(PROBE_MS)]);
  const { stdout, exitCode } = await processes.run([binary, '--version'], { signal: deadline });
  const version = parseVersion(stdout);
  if (exitCode === 0 && version !== undefined) return version;
  throw new BangerError(
    'host.tool_missing',
    `Cannot use "${binary}": it does not say which version of QEMU it is`,
    { hint: `${binary} --version`, details: { stdout } },
  );
}

export function parseVersion(output: string): string | undefined {
  return /^QEMU emulator version (\d+\.\d+\.\d+)/.exec(output)?.[1];
}
