import { errorCatalog } from '@banger/protocol/errors';

/** docs/errors.md */
export function errorsPage(): string {
  return [
    '# Errors',
    '',
    'Generated from the error catalog by `make generate`; do not edit.',
    '',
    'A program switches on the code, never on the text. The operation id behind a message finds its records',
    'in the log: `banger daemon logs | grep op-1a2b3c`.',
    '',
    '| code | HTTP status | meaning |',
    '|---|---|---|',
    ...Object.entries(errorCatalog).map(
      ([code, { status, about }]) => `| \`${code}\` | ${String(status)} | ${about} |`,
    ),
    '',
  ].join('\n');
}
