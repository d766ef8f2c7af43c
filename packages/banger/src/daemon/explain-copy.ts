import { posix } from 'node:path';

import { BangerError, toBangerError, type ErrorCode } from '@banger/protocol/errors';

import type { Guest } from '../guest/guest.ts';

/** Of a VM, what copying needs; a `Supervisor` is one. */
export interface CopyVm {
  readonly record: {
    readonly name: string;
    readonly workspace: { readonly guestPath: string } | null;
  };
  guest(signal: AbortSignal): Promise<Guest>;
  hasEnded(): Promise<boolean>;
}

const losses: ReadonlySet<string> = new Set(['guest.unreachable', 'guest.protocol', 'vm.ended']);

/** Why a copy failed, with the VM that the guest's own words do not name, and the way out. */
export async function explainCopy(thrown: unknown, vm: CopyVm, path: string): Promise<BangerError> {
  const error = toBangerError(thrown);
  if (losses.has(error.code)) return lost(error, vm);
  const hint = hintFor(
    error.code,
    `banger vm exec ${vm.record.name} --`,
    quoted(posix.dirname(path)),
  );
  if (hint === undefined) return error;
  const { code, message, details } = error;
  return new BangerError(code, message, { cause: error, details, hint });
}

function hintFor(code: ErrorCode, exec: string, dir: string): string | undefined {
  if (code === 'guest.disk_full') return `${exec} df -h ${dir}`;
  if (code === 'files.changed') return 'Copy again when nothing writes there.';
  if (code === 'files.bad_archive') return 'tar --list --verbose --file ARCHIVE';
  return code.startsWith('files.') || code === 'guest.refused'
    ? `${exec} ls -la ${dir}`
    : undefined;
}

async function lost(error: BangerError, vm: CopyVm): Promise<BangerError> {
  const { name } = vm.record;
  const hasEnded = await vm.hasEnded();
  return new BangerError(
    hasEnded ? 'vm.ended' : error.code,
    `Cannot copy: ${hasEnded ? `VM "${name}" ended meanwhile` : `the guest of VM "${name}" was lost`}`,
    { cause: error, hint: `banger vm logs ${name}`, details: error.details },
  );
}

function quoted(path: string): string {
  return /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", String.raw`'\''`)}'`;
}
