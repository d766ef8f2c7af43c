/**
 * What the versions of Firecracker have and lack, by its CHANGELOG.md. The oldest that works is 1.12: before it, a saved
 * machine cannot be given another tap. Things that later versions have (an own file for the console from 1.14, another
 * socket for the vsock of a loaded machine from 1.16) are not needed: docs/decisions/0024.
 */
import type { HostProblem } from '../../host/host-problem.ts';
import type { VersionedProgram } from '../version-probe.ts';

export const firecrackerProgram: VersionedProgram = {
  name: 'Firecracker',
  pattern: /^Firecracker v(\d+\.\d+\.\d+(?:-\w+)?)/,
};
export const jailerProgram: VersionedProgram = {
  name: 'the jailer',
  pattern: /^Jailer v(\d+\.\d+\.\d+(?:-\w+)?)/,
};

export const RELEASES = 'https://github.com/firecracker-microvm/firecracker/releases';

const OLDEST = [1, 12, 0] as const;
/** It notifies guests less often (#5872) and forgets about it over a restore (#5958, fixed in the next one) */
const DEAF_AFTER_RESTORE = '1.16.0';
const VSOCK_FIXED = [1, 16, 1] as const;
const PAGE_REPORTING = [1, 14, 0] as const;

/** Why no VM is run by this version; undefined when they are. Pure. */
export function unusableVersion(version: string): HostProblem | undefined {
  const hint = `Install a newer one: ${RELEASES}`;
  if (isBefore(version, OLDEST)) {
    return {
      what: `Firecracker ${version} is too old: ${OLDEST.join('.')} is the oldest that works`,
      hint,
    };
  }
  if (version === DEAF_AFTER_RESTORE) {
    return {
      what: `Firecracker ${version} loses its guests when they go on from a saved state`,
      hint,
    };
  }
  return undefined;
}

/** What works less well than with the newest one, each as a clause for `doctor`. Pure. */
export function lacksOf(version: string): readonly string[] {
  const lacks: string[] = [];
  if (isBefore(version, VSOCK_FIXED)) {
    lacks.push(
      `before ${VSOCK_FIXED.join('.')} a guest that was saved while it sent may not answer after its restore`,
    );
  }
  if (!hasPageReporting(version)) {
    lacks.push(
      `before ${PAGE_REPORTING.join('.')} memory that a guest has freed comes back to the host only when its VM ends`,
    );
  }
  return lacks;
}

/** Its balloon takes from the guest which memory is free (#5491). */
export function hasPageReporting(version: string): boolean {
  return !isBefore(version, PAGE_REPORTING);
}

function isBefore(version: string, wanted: readonly number[]): boolean {
  const parts = version.split(/[.-]/).map(Number);
  for (const [index, number] of wanted.entries()) {
    const part = parts[index] ?? 0;
    if (part !== number) return part < number;
  }
  return false;
}
