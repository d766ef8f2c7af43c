import { z } from 'zod';

import { ExecId } from './ids.ts';
import { Workspace } from './workspace.ts';

export const TerminalSize = z.object({
  rows: z.int().min(1).max(10_000),
  cols: z.int().min(1).max(10_000),
});
export type TerminalSize = z.infer<typeof TerminalSize>;

const EnvName = z
  .string()
  .regex(/^[^=\0]+$/, { error: 'an environment name has no "=" and is not empty' });

const Argv = z.array(z.string().max(131_072)).max(4096);

/** What to run. It starts at once; its output waits for the WebSocket, and it is ended if none is attached within 30 s. */
export const ExecRequest = z.object({
  /** Empty: what the image runs, with `entrypoint`; else a shell */
  argv: Argv.default([]),
  /** Run as the image's main process: its ENTRYPOINT before `argv`, or this list in its place and without its CMD */
  entrypoint: z.union([z.boolean(), Argv]).default(false),
  env: z.record(EnvName, z.string().max(131_072)).default({}),
  /** Default: the VM's workspace, else what the image says, else the user's home */
  cwd: z.string().optional(),
  /** Default: whom the image names, else root; root in a VM with a workspace, which is root's */
  user: z.string().optional(),
  terminal: z.object({ size: TerminalSize, term: z.string().max(64).optional() }).optional(),
  stdin: z.boolean().default(false),
  timeoutMs: z.int().positive().optional(),
});
export type ExecRequest = z.infer<typeof ExecRequest>;

export const ExecCreated = z.object({
  id: ExecId,
  /** Where it runs, if nothing else was asked for: from where it was shipped, and at which commit that was */
  workspace: Workspace.pick({ hostPath: true, hostCommit: true }).nullable().default(null),
});

/**
 * Channels of the WebSocket sub-protocol `v5.channel.k8s.io` (Kubernetes, staging/src/k8s.io/apimachinery
 * pkg/util/remotecommand): the first byte of each binary message. `close` carries the channel that ends.
 */
export const EXEC_SUBPROTOCOL = 'v5.channel.k8s.io';
export const channel = { stdin: 0, stdout: 1, stderr: 2, error: 3, resize: 4, close: 255 } as const;

/** Sent on the error channel as the last message: how it ended. The first two shapes are Kubernetes'. */
export const ExecStatus = z.object({
  status: z.enum(['Success', 'Failure']),
  reason: z.string().optional(),
  message: z.string().optional(),
  details: z
    .object({ causes: z.array(z.object({ reason: z.string(), message: z.string() })) })
    .optional(),
  /** banger's own: the error when the command could not be run or the guest was lost */
  error: z.looseObject({ code: z.string(), message: z.string() }).optional(),
});
export type ExecStatus = z.infer<typeof ExecStatus>;
