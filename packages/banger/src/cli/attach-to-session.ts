import type { AttachmentEnd, AttachOptions, Banger, SessionAttachment } from '@banger/sdk';

import type { Context } from './command.ts';
import { exitStatus } from './describe-session.ts';
import { withoutDetachKeys } from './detach-keys.ts';
import { followOptions, FROM_THE_START } from './follow-session.ts';
import { bothAreTerminals, sizeOf, takeTerminal } from './take-terminal.ts';

export interface AttachOrder extends Pick<AttachOptions, 'take'> {
  readonly vm: string;
  readonly session: string;
  readonly isReadOnly: boolean;
  /** How many of the last lines to show first; left out: everything */
  readonly tail?: number | undefined;
}

/**
 * This program's stdin, stdout and stderr become the session's. Resolves with the exit status of the command if it ended,
 * with 0 when we have detached.
 */
export async function attachToSession(
  banger: Banger,
  { vm, session: reference, isReadOnly, tail, take }: AttachOrder,
  context: Context,
): Promise<number> {
  const { world, out, signal } = context;
  const sessions = banger.vms.sessions(vm);
  const { terminal, stdin: takesInput, name } = await sessions.show(reference, { signal });
  const write = takesInput && !isReadOnly;
  const isOnTerminal = terminal && write && bothAreTerminals(world);
  const leaving = new AbortController();
  const typed = isOnTerminal ? withoutDetachKeys(world.stdin, () => leaving.abort()) : world.stdin;
  // In raw mode a line ends where it began.
  const say = (text: string) => out.note(isOnTerminal ? `\r\n${text}\r` : text);
  await using attachment = await sessions.attach(reference, {
    ...followOptions(world, say),
    ...{ tail, write, take, signal },
    from: tail === undefined ? FROM_THE_START : undefined,
    stdin: write ? typed : undefined,
    onReplaced: () => say('another one writes now; this goes on as a reader'),
  });
  const detach = () => attachment.detach();
  leaving.signal.addEventListener('abort', detach);
  if (leaving.signal.aborted) detach();
  const { kind, session } = await end(attachment, isOnTerminal, context);
  if (kind === 'ended') return exitStatus(session.exit);
  out.note(comeBack(vm, name));
  return 0;
}

/** Without a terminal of its own Ctrl-C is not for the session: it detaches. */
async function end(
  attachment: SessionAttachment,
  isOnTerminal: boolean,
  { world, interrupts }: Context,
): Promise<AttachmentEnd> {
  using _ = isOnTerminal
    ? takeTerminal(world, attachment)
    : interrupts.divert(() => attachment.detach());
  const size = isOnTerminal ? sizeOf(world) : undefined;
  if (size !== undefined) attachment.resize(size);
  return await attachment.end;
}

function comeBack(vm: string, session: string): string {
  return `session "${session}" goes on: "banger vm session attach ${vm} ${session}" to come back, "banger vm session stop ${vm} ${session}" to end it`;
}
