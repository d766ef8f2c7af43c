import type { MessageInitShape } from '@bufbuild/protobuf';

import { toBangerError } from '../../packages/protocol/src/errors.ts';
import type {
  ExecRequest,
  ExecResponseSchema,
} from '../../packages/banger/src/guest/generated/banger/guest/v1/guest_pb.ts';
import type { Guest, GuestExecInput, GuestExit } from '../../packages/banger/src/guest/guest.ts';
import { failureReasons, refusing } from './stand-in-failures.ts';

type Answer = MessageInitShape<typeof ExecResponseSchema>;

/** One command of a fake guest, as messages. */
export async function* serveExec(
  guest: Guest,
  requests: AsyncIterable<ExecRequest>,
  signal: AbortSignal,
): AsyncGenerator<Answer, void> {
  const incoming = requests[Symbol.asyncIterator]();
  const first = (await incoming.next()).value as ExecRequest; // The client sends the start at once.
  if (first.kind.case !== 'start') throw new Error('the first request is not start');
  const { argv, env, cwd, user, stdin } = first.kind.value;
  const answers = createHandOver<Answer>();

  const running = refusingBoot(
    guest.exec(
      { argv, env, stdin, cwd: cwd || undefined, user: user || undefined },
      {
        input: inputs(incoming),
        onStarted: (pid) => void answers.put({ kind: { case: 'started', value: { pid } } }),
        onOutput: (stream, value) => answers.put({ kind: { case: stream, value } }),
      },
      signal,
    ),
  );
  void running.finally(() => answers.close()).catch(() => undefined);
  yield* answers;
  yield await running;
}

async function refusingBoot(running: Promise<GuestExit>): Promise<Answer> {
  try {
    const exit = await running;
    const code = exit.kind === 'exited' ? exit.code : 0;
    const signal = exit.kind === 'signalled' ? exit.signal : 0;
    return { kind: { case: 'exit', value: { code, signal } } };
  } catch (error) {
    const { code, message } = toBangerError(error);
    const reason = failureReasons[code];
    if (reason === undefined) return refusing(Promise.reject(toBangerError(error)));
    return { kind: { case: 'failure', value: { reason, message } } };
  }
}

async function* inputs(incoming: AsyncIterator<ExecRequest>): AsyncGenerator<GuestExecInput, void> {
  for (;;) {
    const next = await incoming.next();
    if (next.done === true) return;
    const { kind } = next.value;
    if (kind.case === 'stdin') yield { kind: 'stdin', bytes: kind.value };
    else if (kind.case === 'stdinEof') yield { kind: 'eof' };
    else if (kind.case === 'signal') yield { kind: 'signal', signal: kind.value };
  }
}

/** Hands items to one reader; `put` resolves when it has taken the item. */
function createHandOver<T>() {
  const items: { item: T; taken: () => void }[] = [];
  let wake = Promise.withResolvers<undefined>();
  let isClosed = false;
  return {
    put: (item: T) =>
      new Promise<void>((taken) => {
        items.push({ item, taken });
        wake.resolve(undefined);
      }),
    close() {
      isClosed = true;
      wake.resolve(undefined);
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        const next = items.shift();
        if (next !== undefined) {
          yield next.item;
          next.taken();
        } else if (isClosed) return;
        else {
          await wake.promise;
          wake = Promise.withResolvers();
        }
      }
    },
  };
}
