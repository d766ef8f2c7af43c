import { adoptChild } from '../host/adopt-child.ts';
import type { Clock } from '../host/clock.ts';
import type { Child, ExitStatus, ProcessIdentity } from '../host/processes.ts';
import type { JailId } from '../vmm/firecracker/jail/jail-host.ts';
import type { HelperConnection } from './helper-connection.ts';
import { JailExit } from './jail-protocol.ts';

export interface JailWatch {
  readonly connection: HelperConnection;
  readonly clock: Clock;
}

/** Nobody waits longer than this for somebody who ended what they were asked to end. */
const END_MS = 30_000;

/**
 * A process in a jail, which is the helper's child or was an earlier one's. Anybody sees that it is there; to signal it takes
 * the helper, which also knows how it ended, if it has started it.
 */
export function watchJailed(
  { connection, clock }: JailWatch,
  { id, identity }: { readonly id: JailId; readonly identity: ProcessIdentity },
): Child {
  const seen = adoptChild(identity, clock);
  const gone = seen?.gone ?? AbortSignal.abort(new Error(`process ${String(identity.pid)} ended`));
  const which = { jail: id, process: identity };
  const soon = () => AbortSignal.timeout(END_MS);
  const exited = (async (): Promise<ExitStatus> => {
    await seen?.exited;
    const said = connection.call({ method: 'jail.exit', ...which }, soon());
    // Without the helper it is as with any that was adopted: it ended, and that is all there is to know.
    const status = await said.then((value) => JailExit.parse(value)).catch(() => null);
    return status ?? { exitCode: null, signal: null };
  })();
  return {
    ...{ identity, exited, gone },
    kill(signal) {
      if (gone.aborted) return;
      // Whoever waits for its end sees that it does not come; disposing says why.
      void connection
        .call({ method: 'jail.signal', ...which, signal }, soon())
        .catch(() => undefined);
    },
    async [Symbol.asyncDispose]() {
      if (!gone.aborted) {
        await connection.call({ method: 'jail.end', ...which }, soon());
        await seen?.[Symbol.asyncDispose](); // Looks at once.
      }
      await exited;
    },
  };
}
