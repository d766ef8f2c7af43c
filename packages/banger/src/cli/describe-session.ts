import { formatBytes } from '@banger/protocol/size-text';
import type { LostOutput, Session, SessionExit } from '@banger/sdk';

import { fields } from './fields.ts';

/** A session's record for a person. */
export function describeSession(session: Session): readonly string[] {
  const { id, name, argv, cwd, user, pid, terminal, stdin, inputClosed, output, keepBytes } =
    session;
  const { readers, hasWriter, startedAt, endedAt } = session;
  const input = terminal ? 'a terminal' : !stdin ? 'none' : inputClosed ? 'ended' : 'a pipe';
  return fields([
    ['name', name],
    ['id', id],
    ['state', sessionState(session)],
    ['command', commandLine(argv)],
    ['directory', cwd ?? undefined],
    ['user', user ?? undefined],
    ['pid', session.exit === null ? String(pid) : undefined],
    ['started', startedAt],
    ['ended', endedAt ?? undefined],
    ['input', input],
    ['stdout', keptText(output.stdout)],
    ['stderr', terminal ? undefined : keptText(output.stderr)],
    ['keeps', `${formatBytes(keepBytes)} of each`],
    ['attached', `${String(readers)}${hasWriter ? ', one writes' : ''}`],
  ]);
}

export function sessionState({ exit }: Pick<Session, 'exit'>): string {
  if (exit === null) return 'running';
  return exit.kind === 'exited' ? `exited ${String(exit.code)}` : `signal ${String(exit.signal)}`;
}

/** As a shell would report it */
export function exitStatus(exit: SessionExit | null): number {
  if (exit === null) return 0;
  return exit.kind === 'exited' ? exit.code : 128 + exit.signal;
}

export function commandLine(argv: readonly string[]): string {
  return argv.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : quote(word))).join(' ');
}

export function lossText({ stream, start, end, cause }: LostOutput): string {
  const what = `${String(end - start)} bytes of ${stream} are lost (${String(start)} to ${String(end)})`;
  const why =
    cause === 'overwritten'
      ? 'more was written since than is kept'
      : "the guest's disk did not take them";
  return `${what}: ${why}`;
}

function keptText({ start, end }: { readonly start: number; readonly end: number }): string {
  const written = `${formatBytes(end)} written`;
  return start === 0 ? written : `${written}, kept from byte ${String(start)} on`;
}

function quote(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
