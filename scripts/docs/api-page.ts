import { api } from '@banger/protocol/api';
import type { Route } from '@banger/protocol/route';
import { OPERATION_HEADER, streams } from '@banger/protocol/streams';
import { z } from 'zod';

/** docs/api.md */
export function apiPage(): string {
  const routes: readonly (readonly [string, Route])[] = Object.entries(api);
  return [
    '# HTTP API',
    '',
    "Generated from the API's object by `make generate`; do not edit. The schemas are in the OpenAPI document that",
    `the daemon serves at \`${streams.openapi}\`.`,
    '',
    'HTTP/1.1 and JSON over the unix socket that `banger daemon socket` prints. Path parameters are filled in from',
    'the input; the rest is the query of a GET or DELETE, else the JSON body. Errors have the status and code of',
    `[errors.md](errors.md). A client may send an operation id in \`${OPERATION_HEADER}\`; it is in the log and the answer.`,
    '',
    'Routes marked *long* answer a client that accepts `application/x-ndjson` with stages and warnings, line by line,',
    'and last a result or an error. They are cancelled, and undone, when the client closes the connection or asks for it:',
    `\`POST ${streams.cancelOperation}\` answers when the work is undone.`,
    '',
    '| name | request | input | what it does |',
    '|---|---|---|---|',
    ...routes.map(([name, route]) => row(name, route)),
    '',
    '## Streams',
    '',
    '| name | path |',
    '|---|---|',
    ...Object.entries(streams).map(([name, path]) => `| \`${name}\` | \`${path}\` |`),
    '',
  ].join('\n');
}

function row(name: string, { method, path, input, summary, progress }: Route): string {
  const fields = Object.entries(input.shape).map(([field, schema]) =>
    z.safeParse(schema, undefined).success ? `${field}?` : field,
  );
  const long = progress === true ? ' *long*' : '';
  return `| \`${name}\` | \`${method} ${path}\` | ${fields.join(', ')} | ${summary}${long} |`;
}
