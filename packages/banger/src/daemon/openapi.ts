import { z } from 'zod';

import { api } from '@banger/protocol/api';
import { errorCatalog, type ErrorCode } from '@banger/protocol/errors';
import type { Route } from '@banger/protocol/route';
import { WireError } from '@banger/protocol/wire-error';

/**
 * The OpenAPI 3.1 document of `api`, from the schemas that check the requests. OpenAPI 3.1's schema dialect is JSON
 * Schema 2020-12, which zod writes itself (docs/decisions/0004-openapi-from-zod.md).
 */
export function openApiDocument(version: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const [name, route] of Object.entries(api)) {
    const path = route.path.replace(/:([a-z]+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describe(name, route) };
  }
  return {
    openapi: '3.1.0',
    info: { title: 'banger', version, description: 'The HTTP API on the daemon’s unix socket.' },
    paths,
    components: { schemas: { Error: schemaOf(WireError, 'output') } },
  };
}

function describe(name: string, route: Route): object {
  const inPath = [...route.path.matchAll(/:([a-z]+)/g)].map(([, parameter = '']) => parameter);
  const rest = Object.keys(route.input.shape).filter((key) => !inPath.includes(key));
  const readsQuery = route.method === 'GET' || route.method === 'DELETE';
  const parameters = [
    ...inPath.map((key) => parameter(route, key, 'path')),
    ...(readsQuery ? rest.map((key) => parameter(route, key, 'query')) : []),
  ];
  const body = z.object(
    Object.fromEntries(rest.map((key) => [key, route.input.shape[key] ?? z.unknown()])),
  );
  return {
    operationId: name,
    summary: route.summary,
    parameters,
    ...(readsQuery || rest.length === 0
      ? {}
      : { requestBody: { content: { 'application/json': { schema: schemaOf(body, 'input') } } } }),
    responses: { 200: success(route), ...failures(route.errors) },
  };
}

function parameter(route: Route, name: string, where: 'path' | 'query'): object {
  // A route's shape holds schemas of the full zod API; its general type says `any`.
  const schema = route.input.shape[name] as z.ZodType;
  const required = where === 'path' || !schema.safeParse(undefined).success;
  return { name, in: where, required, schema: schemaOf(schema, 'input') };
}

function success({ output, progress, summary }: Route): object {
  const schema = schemaOf(output, 'output');
  const stream = {
    description: 'Lines of {type: stage|warning|tick|result|error}',
    type: 'string',
  };
  return {
    description: summary,
    content: {
      'application/json': { schema },
      ...(progress === true ? { 'application/x-ndjson': { schema: stream } } : {}),
    },
  };
}

function failures(codes: readonly ErrorCode[]): object {
  const byStatus = Map.groupBy(codes, (code) => errorCatalog[code].status);
  const schema = { $ref: '#/components/schemas/Error' };
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => [
      status,
      { description: group.join(', '), content: { 'application/json': { schema } } },
    ]),
  );
}

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): object {
  return z.toJSONSchema(schema, { io, unrepresentable: 'any' });
}
