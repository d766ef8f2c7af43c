import type { Clock } from './clock.ts';
import { isAlive } from './proc-identity.ts';
import { killGroup, signalGroup } from './process-group.ts';
import type { Child, ExitStatus, ProcessIdentity } from './processes.ts';

/** Only a parent is told of an exit, and an adopted process is not our child: its identity is looked at this often. */
const CHECK_MS = 200;

export function adoptChild(identity: ProcessIdentity, clock: Clock): Child | undefined {
  if (!isAlive(identity)) return undefined;
  const gone = new AbortController();
  const { promise: exited, resolve } = Promise.withResolvers<ExitStatus>();
  const check = () => {
    if (gone.signal.aborted || isAlive(identity)) return;
    resolve({ exitCode: null, signal: null });
    gone.abort(new Error(`process ${String(identity.pid)} ended`));
  };
  void watch(check, gone.signal, clock);
  return {
    identity,
    exited,
    gone: gone.signal,
    kill: (signal) => {
      if (!gone.signal.aborted) signalGroup(identity.pid, signal);
    },
    async [Symbol.asyncDispose]() {
      if (isAlive(identity)) await killGroup(identity.pid, clock);
      check();
    },
  };
}

/** Ends with the process. It never rejects: the only thing that can be thrown at it is the abort. */
async function watch(check: () => void, gone: AbortSignal, clock: Clock): Promise<void> {
  while (!gone.aborted) {
    await clock.wait(CHECK_MS, gone).catch(() => undefined);
    check();
  }
}
