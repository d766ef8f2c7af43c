import { z } from 'zod';

import { ExecRequest } from './exec.ts';
import { VmName } from './names.ts';
import { WireError } from './wire-error.ts';

/** Never used again, so that a name that was given anew is told from what it named before. */
export const SessionId = z
  .string()
  .regex(/^ses_[0-9a-f]{16}$/)
  .brand<'SessionId'>();
export type SessionId = z.infer<typeof SessionId>;

/** A name or an id. */
export const SessionReference = z.string().min(1).max(128);

/** A byte offset since the start of a stream. */
const Offset = z.int().nonnegative();

export const OutputStream = z.enum(['stdout', 'stderr']);
export type OutputStream = z.infer<typeof OutputStream>;

/** How much of each output a reader has had. */
export const OutputPosition = z.object({ stdout: Offset, stderr: Offset });
export type OutputPosition = z.infer<typeof OutputPosition>;

/** What is before `start` is gone. */
const KeptOutput = z.object({ start: Offset, end: Offset });

export const SessionExit = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('exited'), code: z.int().min(0).max(255) }),
  z.object({ kind: z.literal('signalled'), signal: z.int().min(1).max(64) }),
]);
export type SessionExit = z.infer<typeof SessionExit>;

/** A command with a name that outlives whoever started it. It lives as long as its VM runs or is suspended. */
export const Session = z.object({
  id: SessionId,
  name: VmName,
  /** The start of the command line, at most 4 KiB of it */
  argv: z.array(z.string()),
  /** As asked for; null: the default */
  cwd: z.string().nullable(),
  user: z.string().nullable(),
  terminal: z.boolean(),
  /** Whether it takes input */
  stdin: z.boolean(),
  pid: z.int(),
  /** Null while it runs */
  exit: SessionExit.nullable(),
  startedAt: z.iso.datetime(),
  endedAt: z.iso.datetime().nullable(),
  /** What can still be read; a terminal has only stdout */
  output: z.object({ stdout: KeptOutput, stderr: KeptOutput }),
  /** Most bytes kept per output */
  keepBytes: z.int(),
  /** Attached now */
  readers: z.int(),
  hasWriter: z.boolean(),
  inputClosed: z.boolean(),
});
export type Session = z.infer<typeof Session>;

export const StartSessionRequest = ExecRequest.omit({ timeoutMs: true }).extend({
  /** Made up when left out */
  name: VmName.optional(),
  /** Looked for in the guest's PATH before anything is started */
  requiredCommands: z.array(z.string().min(1).max(4096)).max(64).default([]),
  /** Per output; default: 8 MiB */
  keepBytes: z
    .int()
    .min(64 * 1024)
    .max(64 * 1024 * 1024)
    .optional(),
});
export type StartSessionRequest = z.infer<typeof StartSessionRequest>;

/** Chosen at random by whoever writes; what is sent again under the same one is taken once. */
export const WriterToken = z.string().regex(/^[0-9A-Za-z_-]{8,64}$/);

/** One piece of input, besides whoever is attached as the writer. */
export const SessionInput = z.object({
  token: WriterToken,
  /** Bytes sent before under this token */
  offset: Offset.default(0),
  data: z
    .base64()
    .max(1024 * 1024)
    .default(''),
  eof: z.boolean().default(false),
});

const Flag = z.stringbool().default(false);
const OffsetText = z.coerce.number().pipe(Offset);

/** The query of the WebSocket that attaches. Without `tail` or offsets everything that is kept is read. */
export const AttachQuery = z.object({
  stdout: OffsetText.optional(),
  stderr: OffsetText.optional(),
  /** Only the last lines */
  tail: OffsetText.pipe(z.int().max(1_000_000_000)).optional(),
  only: OutputStream.optional(),
  follow: Flag,
  /** Be the writer, under this token */
  writer: WriterToken.optional(),
  /** Take that role from whoever has it */
  take: Flag,
});
export type AttachQuery = z.infer<typeof AttachQuery>;

/** The bytes from `start` to `end` of an output cannot be read any more. */
export const LostOutput = z.object({
  stream: OutputStream,
  start: Offset,
  end: Offset,
  /** More was written since than is kept, or the guest's disk took none */
  cause: z.enum(['overwritten', 'not-stored']),
});
export type LostOutput = z.infer<typeof LostOutput>;

/** What is told about an attachment besides output, in order with it. */
export const SessionNotice = z.discriminatedUnion('kind', [
  /** First of all */
  z.object({
    kind: z.literal('attached'),
    session: Session,
    position: OutputPosition,
    /** Input that was taken under this token before */
    inputTaken: Offset,
    isWriter: z.boolean(),
  }),
  z.object({ kind: z.literal('lost'), lost: LostOutput }),
  /** Input is taken up to this offset. */
  z.object({ kind: z.literal('taken'), offset: Offset }),
  /** Another one is the writer now. */
  z.object({ kind: z.literal('replaced') }),
  /** The program takes no more input. */
  z.object({ kind: z.literal('refused') }),
  /** Last: the session has ended, or not following, all was read. */
  z.object({ kind: z.literal('ended'), session: Session }),
  z.object({ kind: z.literal('caught-up'), session: Session }),
  /** Last: the guest was lost */
  z.object({ kind: z.literal('failed'), error: WireError }),
]);
export type SessionNotice = z.infer<typeof SessionNotice>;
