import type { Banger } from '@banger/sdk';

import type { Context } from './command.ts';
import { fulfilled, reportEach } from './report-each.ts';

/**
 * Does something to each VM that is named: finds them all first, takes one that was named twice once, works on all at
 * the same time, and reports each in the order of the command line. Resolves with 1 if any failed or was not found.
 */
export async function eachVm<Result>(
  references: readonly string[],
  { banger, context }: { readonly banger: Banger; readonly context: Context },
  work: (vm: string) => Promise<Result>,
): Promise<number> {
  const { out, signal } = context;
  const named = [...new Set(references)];
  const [only] = named;
  if (named.length === 1 && only !== undefined) {
    const result = await work(only);
    await out.result(nameOf(result) ?? only, [result ?? { name: only }]);
    return 0;
  }

  const found = await Promise.allSettled(named.map((vm) => banger.vms.show(vm, { signal })));
  const vms = new Map(fulfilled(found).map((vm) => [vm.id, vm]));
  const ended = await Promise.allSettled(
    Array.from(vms.values(), async ({ id, name }) => ({
      name,
      result: (await work(id)) ?? { id, name },
    })),
  );
  signal.throwIfAborted();
  return reportEach([...found.filter((one) => one.status === 'rejected'), ...ended], context);
}

function nameOf(result: unknown): string | undefined {
  const isNamed = typeof result === 'object' && result !== null && 'name' in result;
  return isNamed && typeof result.name === 'string' ? result.name : undefined;
}
