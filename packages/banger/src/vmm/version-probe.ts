import { stat } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import type { Processes } from '../host/processes.ts';

const PROBE_MS = 10_000;

export type VersionProbe = (binary: string, signal: AbortSignal) => Promise<string>;

export interface VersionedProgram {
  /** For people: "QEMU" */
  readonly name: string;
  /** Of what it prints for `--version`; the first group is the version */
  readonly pattern: RegExp;
}

/** Asks a binary for its version once, and again when the file has changed. */
export function createVersionProbe(processes: Processes, program: VersionedProgram): VersionProbe {
  const known = new Map<string, string>();
  return async (binary, signal) => {
    const { mtimeMs, size } = await stat(binary);
    const key = `${binary} ${String(mtimeMs)} ${String(size)}`;
    const version = known.get(key) ?? (await ask());
    known.set(key, version);
    return version;

    async function ask(): Promise<string> {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(PROBE_MS)]);
      const { stdout, exitCode } = await processes.run([binary, '--version'], { signal: deadline });
      const found = program.pattern.exec(stdout)?.[1];
      if (exitCode === 0 && found !== undefined) return found;
      throw new BangerError(
        'host.tool_missing',
        `Cannot use "${binary}": it does not say which version of ${program.name} it is`,
        { hint: `${binary} --version`, details: { stdout } },
      );
    }
  };
}
