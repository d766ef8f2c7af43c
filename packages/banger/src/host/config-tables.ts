import type { z } from 'zod';

import { BangerError } from '@banger/protocol/errors';

export interface TableSource {
  readonly file: string;
  readonly text: string;
  /** What "~" is on this machine */
  readonly home: string;
}

/**
 * Pure. The tables of a list, `[[key]]`, each by its schema. Rejects the first bad entry with its index, counted from 0, and
 * its line.
 */
export function parseTables<Schema extends z.ZodType>(
  { key, schema }: { readonly key: string; readonly schema: Schema },
  value: unknown,
  source: TableSource,
): readonly z.output<Schema>[] {
  const refuse = (index: number, fact: string): BangerError => {
    const where = `${source.file}:${String(lineOf(source.text, key, index))}`;
    return new BangerError(
      'config.invalid',
      `Cannot use ${key} entry ${String(index)} at ${where}: ${fact}`,
      { hint: `Edit ${where}` },
    );
  };
  if (!Array.isArray(value)) throw refuse(0, `it is not a list of tables, "[[${key}]]"`);
  return value.map((entry: unknown, index) => {
    const result = schema.safeParse(entry);
    if (!result.success) throw refuse(index, result.error.issues.map(describe).join('; '));
    return result.data;
  });
}

function describe(issue: z.core.$ZodIssue): string {
  if (issue.code === 'unrecognized_keys') return `there is no key "${issue.keys.join('", "')}"`;
  return `"${issue.path.join('.')}" takes ${issue.message}`;
}

/** Of the header of the entry; 1 when it cannot be told. */
function lineOf(text: string, key: string, index: number): number {
  const header = new RegExp(`^\\s*\\[\\[\\s*${key}\\s*\\]\\]`);
  const headers = [...text.split('\n').entries()].filter(([, line]) => header.test(line));
  return (headers[index]?.[0] ?? 0) + 1;
}
