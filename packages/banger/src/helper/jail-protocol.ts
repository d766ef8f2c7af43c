/**
 * What a daemon may ask of the helper for jails, which runs as root: the methods of `JailHost`, with a process as its identity.
 * Form and rules of the connection are those of helper-protocol.ts. Which programs are run, and where jails are, is in the
 * helper's own settings. The paths that are in requests are of files, in the owner's state directory and the owner's.
 */
import { constants } from 'node:os';

import { z } from 'zod';

import { Jail, JailFile, JailId, JailSpawn, TakenFile } from '../vmm/firecracker/jail/jail-host.ts';
import { RequestNumber, type CallOf } from './helper-protocol.ts';

const id = RequestNumber;
const MAX_PID = 2 ** 22;

export const JailedProcess = z.strictObject({
  pid: z.int().min(2).max(MAX_PID),
  startTicks: z.int().min(0),
  bootId: z.string().max(64),
});

const Signal = z.custom<NodeJS.Signals>(
  (value) => typeof value === 'string' && Object.hasOwn(constants.signals, value),
);

export const JailRequest = z.discriminatedUnion('method', [
  z.strictObject({ id, method: z.literal('hello') }),
  z.strictObject({ id, method: z.literal('jail.problems') }),
  z.strictObject({
    ...{ id, method: z.literal('jail.place'), jail: Jail },
    files: z.array(JailFile).max(JailFile.shape.name.options.length),
  }),
  /** Answered with the identity of what was started, when the owner can use its socket */
  z.strictObject({ id, method: z.literal('jail.spawn'), order: JailSpawn }),
  /** Of a process that has ended: how, if this connection has started it; else null */
  z.strictObject({ id, method: z.literal('jail.exit'), jail: JailId, process: JailedProcess }),
  z.strictObject({
    ...{ id, method: z.literal('jail.signal'), jail: JailId, process: JailedProcess },
    signal: Signal,
  }),
  /** SIGKILL; answered when nothing of it is left */
  z.strictObject({ id, method: z.literal('jail.end'), jail: JailId, process: JailedProcess }),
  z.strictObject({ id, method: z.literal('jail.find'), jail: JailId }),
  z.strictObject({
    ...{ id, method: z.literal('jail.giveOut'), jail: JailId, name: TakenFile.shape.name },
  }),
  z.strictObject({ id, method: z.literal('jail.remove'), jail: JailId }),
  z.strictObject({ id, method: z.literal('jail.list') }),
]);
export type JailRequest = z.infer<typeof JailRequest>;
export type JailCall = CallOf<JailRequest>;

export const JailExit = z
  .strictObject({ exitCode: z.int().nullable(), signal: Signal.nullable() })
  .nullable();
