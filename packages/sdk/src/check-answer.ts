import { BangerError } from '@banger/protocol/errors';
import type { Route } from '@banger/protocol/route';
import { z } from 'zod';

/** An answer through its schema. One that does not fit comes from a daemon of another build, or from no daemon. */
export function checkAnswer<I extends z.ZodObject, O extends z.ZodType>(
  route: Route<I, O>,
  answer: unknown,
): z.output<O> {
  return checkShape(route.output, answer, `${route.method} ${route.path}`);
}

export function checkShape<O extends z.ZodType>(
  schema: O,
  answer: unknown,
  what: string,
): z.output<O> {
  const checked = schema.safeParse(answer);
  if (checked.success) return checked.data;
  const [problem] = z.prettifyError(checked.error).split('\n');
  throw new BangerError(
    'internal.bug',
    `Cannot understand the daemon's answer to ${what}: ${problem ?? 'it has another shape'}`,
    { cause: checked.error, hint: 'banger daemon restart' },
  );
}
