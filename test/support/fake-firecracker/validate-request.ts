/**
 * Checks requests to Firecracker, and its answers, against its own OpenAPI file.
 *
 * Two things the file does not say are taken from the source of Firecracker: fields that it does not name are refused
 * (`deny_unknown_fields`), and `PATCH /machine-config` may leave out what it does not change.
 */
import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import * as z from 'zod';

import { readApiDescription, type ApiDescription, type Operation } from './api-description.ts';

export interface ApiRequest {
  readonly method: string;
  /** "/drives/base" */
  readonly path: string;
  /** Parsed; undefined when there is none */
  readonly body?: unknown;
}

export interface ApiAnswer {
  readonly status: number;
  readonly body?: unknown;
}

/** `request` and `answer` say in one sentence what is wrong; undefined when nothing is */
export interface ApiValidator {
  knows(method: string, path: string): boolean;
  request(request: ApiRequest): string | undefined;
  answer(request: Pick<ApiRequest, 'method' | 'path'>, answer: ApiAnswer): string | undefined;
}

export function createApiValidator(description = readApiDescription()): ApiValidator {
  // The file uses formats of its own, and keywords of OpenAPI between those of JSON Schema.
  const ajv = new Ajv({ strict: false, validateFormats: false, schemas: [schemas(description)] });
  const compiled = new Map<string, ValidateFunction>();

  const check = (schema: Record<string, unknown>, value: unknown, what: string) => {
    const absolute = JSON.stringify(schema).replaceAll(
      '"#/definitions/',
      '"firecracker#/definitions/',
    );
    const validate = compiled.get(absolute) ?? ajv.compile(JSON.parse(absolute));
    compiled.set(absolute, validate);
    return validate(value) ? undefined : `${what}: ${explain(validate.errors ?? [])}`;
  };

  return {
    knows: (method, path) => findOperation(description, method, path) !== undefined,

    request({ method, path, body }) {
      const operation = findOperation(description, method, path);
      if (!operation) return `${method} ${path} is not in Firecracker's API`;
      const expected = operation.parameters.find((parameter) => parameter.in === 'body');
      if (body === undefined) {
        return expected?.required ? `${method} ${path} has no body` : undefined;
      }
      if (!expected?.schema) return `${method} ${path} takes no body`;
      return (
        check(partial(method, path) ?? expected.schema, body, `body of ${method} ${path}`) ??
        idMismatch(path, body)
      );
    },

    answer({ method, path }, { status, body }) {
      const operation = findOperation(description, method, path);
      const expected = operation?.responses[String(status)] ?? operation?.responses['default'];
      if (!expected) return undefined;
      const what = `answer ${String(status)} to ${method} ${path}`;
      if (!expected.schema) return body === undefined ? undefined : `${what} has a body`;
      return check(expected.schema, withoutNulls(body), what);
    },
  };
}

/** In the words that Firecracker has from serde */
function explain(errors: readonly ErrorObject[]): string {
  return errors
    .map(({ keyword, instancePath, message, params }) => {
      const at = instancePath === '' ? '' : ` at ${instancePath}`;
      const { additionalProperty, missingProperty } = z
        .record(z.string(), z.unknown())
        .parse(params);
      if (keyword === 'additionalProperties')
        return `unknown field \`${String(additionalProperty)}\`${at}`;
      if (keyword === 'required') return `missing field \`${String(missingProperty)}\`${at}`;
      return `invalid value${at}: it ${message ?? 'is wrong'}`;
    })
    .join(', ');
}

/** Every schema of the file that names its fields, closed against others */
function schemas({ definitions }: ApiDescription): Record<string, unknown> {
  const closed = Object.entries(definitions).map(
    ([name, schema]) => [name, close(schema)] as const,
  );
  const all = Object.fromEntries(closed);
  const partialMachine = { ...all['MachineConfiguration'], required: [] };
  return { $id: 'firecracker', definitions: { ...all, PartialMachine: partialMachine } };
}

function close(schema: Record<string, unknown>): Record<string, unknown> {
  return 'properties' in schema ? { additionalProperties: false, ...schema } : schema;
}

function partial(method: string, path: string): Record<string, unknown> | undefined {
  return method === 'PATCH' && path === '/machine-config'
    ? { $ref: '#/definitions/PartialMachine' }
    : undefined;
}

function findOperation(
  { paths }: ApiDescription,
  method: string,
  path: string,
): Operation | undefined {
  for (const [template, operations] of Object.entries(paths)) {
    const pattern = new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[A-Za-z0-9_]+')}$`);
    if (pattern.test(path)) return operations[method.toLowerCase()];
  }
  return undefined;
}

/** Of the id in a path and that in its body, which must be the same */
function idMismatch(path: string, body: unknown): string | undefined {
  const [, kind, id] = path.split('/');
  const field = { drives: 'drive_id', 'network-interfaces': 'iface_id', pmem: 'id' }[kind ?? ''];
  if (field === undefined || typeof body !== 'object' || body === null) return undefined;
  return Object.entries(body).some(([name, value]) => name === field && value !== id)
    ? `The id from the path [${id ?? ''}] does not match the id from the body`
    : undefined;
}

/** Firecracker writes `null` where an optional value is not set. */
function withoutNulls(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (typeof value !== 'object' || value === null) return value;
  const kept = Object.entries(value).filter(([, field]) => field !== null);
  return Object.fromEntries(kept.map(([name, field]) => [name, withoutNulls(field)]));
}
