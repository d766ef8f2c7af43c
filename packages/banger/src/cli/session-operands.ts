import type { Operands } from './operands.ts';

/** A VM and one of its sessions. */
export const sessionOperands: Operands<{ readonly vm: string; readonly session: string }> = {
  usage: '<vm> <session>',
  min: 2,
  max: 2,
  read: ([vm = '', session = '']) => ({ vm, session }),
};
