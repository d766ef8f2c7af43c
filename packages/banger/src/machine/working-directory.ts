import type { VmRecord } from './record.ts';

/** Where a command runs: as asked for, else in the VM's workspace, else where the guest decides. */
export function workingDirectory(
  { workspace }: Pick<VmRecord, 'workspace'>,
  cwd: string | undefined,
): string | undefined {
  return cwd ?? workspace?.guestPath;
}
