import type { JailHost, JailId } from './jail-host.ts';

/**
 * Ends and removes the jails that are not `known`. Resolves with what could not be: the others are gone all the same, and
 * the next sweep finds it again.
 */
export async function sweepJails(
  host: JailHost,
  known: ReadonlySet<JailId>,
  signal: AbortSignal,
): Promise<readonly unknown[]> {
  const failures: unknown[] = [];
  for (const id of await host.list(signal)) {
    if (known.has(id)) continue;
    try {
      for (const identity of await host.find(id))
        await (await host.adopt(id, identity))?.[Symbol.asyncDispose]();
      await host.remove(id, signal);
    } catch (error) {
      failures.push(error);
    }
  }
  return failures;
}
