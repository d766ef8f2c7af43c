import { refuse } from './flags.ts';
import type { Operands } from './operands.ts';

/** One end of a copy. */
export type CopyEnd =
  | { readonly kind: 'local'; readonly path: string }
  | { readonly kind: 'guest'; readonly vm: string; readonly path: string }
  /** A tar archive on stdin or stdout */
  | { readonly kind: 'stream' };

/** A copy between this machine and a VM, in the direction its kind says. */
export type Copy =
  | { readonly kind: 'in'; readonly from: string; readonly vm: string; readonly path: string }
  | { readonly kind: 'out'; readonly vm: string; readonly path: string; readonly to: string }
  | { readonly kind: 'in-stream' | 'out-stream'; readonly vm: string; readonly path: string };

export const copyOperands: Operands<Copy> = {
  usage: '<src> <dst>',
  min: 2,
  max: 2,
  read: ([from = '', to = '']) => copyOf(copyEnd(from), copyEnd(to)),
};

/** `web:path` is a path in VM web; `./web:path` is a file here. */
export function copyEnd(text: string): CopyEnd {
  if (text === '') refuse('it is empty');
  if (text === '-') return { kind: 'stream' };
  const [, vm, path] = /^([a-z0-9][a-z0-9_-]*):(.*)$/s.exec(text) ?? [];
  return vm === undefined || path === undefined
    ? { kind: 'local', path: text }
    : { kind: 'guest', vm, path };
}

function copyOf(from: CopyEnd, to: CopyEnd): Copy {
  if (from.kind === 'guest' && to.kind === 'guest') {
    refuse('both are in a VM; copy to this machine first, or pipe one "vm cp … -" into another');
  }
  if (to.kind === 'guest') {
    const { vm, path } = to;
    return from.kind === 'local'
      ? { kind: 'in', from: from.path, vm, path }
      : { kind: 'in-stream', vm, path };
  }
  if (from.kind !== 'guest') refuse('neither is in a VM; write VM:PATH for the one that is');
  const { vm, path } = from;
  return to.kind === 'local'
    ? { kind: 'out', vm, path, to: to.path }
    : { kind: 'out-stream', vm, path };
}
