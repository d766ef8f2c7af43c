import { BangerError } from '@banger/protocol/errors';

import type { GuestExec, GuestExecInput, GuestExit } from './guest.ts';

/** A command that is running in a fake guest. */
export interface FakeRun {
  readonly request: GuestExec;
  readonly input: AsyncIterable<GuestExecInput>;
  /** Resolves when the other end has taken it */
  readonly write: (stream: 'stdout' | 'stderr', text: string | Uint8Array) => Promise<void>;
  /** Makes a file, which is in the layer of a build; not in a session */
  readonly touch?: (path: string) => void;
  /** Aborts when the caller gave up or the connection is lost */
  readonly signal: AbortSignal;
}

export type FakeCommand = (run: FakeRun) => Promise<GuestExit> | GuestExit;

const ended = (code: number): GuestExit => ({ kind: 'exited', code });

/** As much of a Linux userland as tests use, by the first word of the command. */
export const fakeUserland: Readonly<Record<string, FakeCommand>> = {
  true: () => ended(0),
  false: () => ended(1),
  async echo({ request, write }) {
    await write('stdout', `${request.argv.slice(1).join(' ')}\n`);
    return ended(0);
  },
  async cat({ input, write }) {
    for await (const item of input) {
      if (item.kind === 'stdin') await write('stdout', item.bytes);
      else if (item.kind === 'signal') return { kind: 'signalled', signal: item.signal };
      else if (item.kind === 'eof') break;
    }
    return ended(0);
  },
  async sleep({ input }) {
    for await (const item of input) {
      if (item.kind === 'signal') return { kind: 'signalled', signal: item.signal };
    }
    return new Promise<never>(() => undefined); // Nothing ends it but the end of the connection.
  },
  async yes({ write, signal }) {
    while (!signal.aborted) await write('stdout', 'y\n'.repeat(8192));
    return { kind: 'signalled', signal: 1 };
  },
  /** Understands `echo WORD`, `echo WORD >&2`, `touch PATH`, `exit N` and `kill -N $$`, with semicolons between. */
  async sh({ request, write, touch }) {
    for (const step of (request.argv[2] ?? '').split(';').map((text) => text.trim())) {
      const [verb = '', word = '', to] = step.split(' ');
      if (verb === 'echo') await write(to === '>&2' ? 'stderr' : 'stdout', `${word}\n`);
      if (verb === 'touch') touch?.(word);
      if (verb === 'exit') return ended(Number(word));
      if (verb === 'kill') return { kind: 'signalled', signal: Number(word.slice(1)) };
    }
    return ended(0);
  },
};

/** Refuses what a real agent would refuse before it starts anything. */
export function findCommand(
  { argv, user, cwd }: GuestExec,
  userland: Readonly<Record<string, FakeCommand>>,
): FakeCommand {
  const command = argv[0] ?? '';
  const cannot = `Cannot run "${command}"`;
  if (user !== undefined && user !== 'root') {
    throw new BangerError('exec.invalid', `${cannot}: the guest has no user "${user}"`);
  }
  if (cwd !== undefined && !['/', '/root', '/tmp'].includes(cwd)) {
    throw new BangerError('exec.invalid', `${cannot}: no directory "${cwd}"`);
  }
  if (command === '/etc/passwd') {
    throw new BangerError('exec.not_executable', `${cannot}: permission denied`);
  }
  const found = userland[command];
  if (found !== undefined) return found;
  throw new BangerError('exec.not_found', `${cannot}: the guest has no such command`);
}
