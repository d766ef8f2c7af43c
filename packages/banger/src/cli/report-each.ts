import type { Context } from './command.ts';
import { reportError } from './error-report.ts';

export interface Done<Result> {
  /** Printed, one a line */
  readonly name: string;
  readonly result: Result;
}

/** Prints what was done and says what was not, in the order given. Resolves with 1 if anything was not done. */
export async function reportEach<Result>(
  ended: readonly PromiseSettledResult<Done<Result>>[],
  { out }: Pick<Context, 'out'>,
): Promise<number> {
  const done = fulfilled(ended);
  for (const one of ended) {
    if (one.status === 'fulfilled') continue;
    for (const line of reportError(one.reason, out.isVerbose)) out.note(line);
  }
  await out.result(
    done.map(({ name }) => name),
    done.map(({ result }) => result),
  );
  return done.length === ended.length ? 0 : 1;
}

export function fulfilled<Value>(all: readonly PromiseSettledResult<Value>[]): readonly Value[] {
  return all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}
