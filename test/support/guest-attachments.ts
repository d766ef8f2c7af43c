import type {
  GuestAttach,
  GuestAttachment,
  GuestSessionStart,
  SessionMessage,
} from '../../packages/banger/src/guest/guest-sessions.ts';

/** What tests of sessions ask a guest for, and how they read it. */

/** One that reads no input */
export function order(name: string, argv: readonly string[]): GuestSessionStart {
  return { name, argv: [...argv], env: {}, stdin: false, requiredCommands: [] };
}

/** From its first byte to its end */
export function following(session: string): GuestAttach {
  return { session, follow: true };
}

/** Until the attachment ends */
export async function readAll(attachment: GuestAttachment) {
  const chunks: Record<'stdout' | 'stderr', Uint8Array[]> = { stdout: [], stderr: [] };
  const messages: SessionMessage[] = [];
  let last = attachment.session;
  for await (const message of attachment.messages) {
    messages.push(message);
    if (message.kind === 'output') chunks[message.stream].push(message.bytes);
    if (message.kind === 'ended' || message.kind === 'caught-up') last = message.session;
  }
  const output = { stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr) };
  const text = { stdout: output.stdout.toString(), stderr: output.stderr.toString() };
  return { messages, output, text, last };
}

/** The first message of that kind */
export async function until(
  attachment: GuestAttachment,
  isIt: (message: SessionMessage) => boolean,
): Promise<SessionMessage> {
  for await (const message of attachment.messages) if (isIt(message)) return message;
  throw new Error('it never came');
}
