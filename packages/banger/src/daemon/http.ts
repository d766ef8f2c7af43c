import { Hono, type Context } from 'hono';

import { api, type RouteName } from '@banger/protocol/api';
import { BangerError, toBangerError } from '@banger/protocol/errors';
import { newOperationId, OperationId } from '@banger/protocol/ids';
import type { Route } from '@banger/protocol/route';
import { BUILD_HEADER, OPERATION_HEADER, streams } from '@banger/protocol/streams';

import type { Clock } from '../host/clock.ts';
import { silent, type Operation } from '../machine/operation.ts';
import type { Activity } from './activity.ts';
import type { DaemonLog } from './daemon-log.ts';
import type { Handlers } from './handler-table.ts';
import { answerProgress, wantsProgress } from './ndjson.ts';
import type { Operations } from './operations.ts';
import { openApiDocument } from './openapi.ts';
import { readBody } from './read-body.ts';
import { errorResponse } from './error-response.ts';
import { registerContexts, type ContextDeps } from './build-contexts.ts';
import { registerBundles, type BundleDeps } from './bundle-routes.ts';
import { registerFiles, type FilesDeps } from './files-routes.ts';
import { registerLayouts, type LayoutDeps } from './image-layouts.ts';
import { registerArchives, type ArchiveDeps } from './archive-route.ts';
import { registerShips, type ShipDeps } from './ships.ts';
import { registerTextStreams, type TextStreams } from './text-streams.ts';

export interface HttpDeps {
  readonly handlers: Handlers;
  readonly text: TextStreams;
  readonly machines: FilesDeps['machines'] & ShipDeps['machines'];
  readonly builds: ContextDeps['builds'] & LayoutDeps['builds'];
  readonly images: LayoutDeps['images'];
  readonly archives: ArchiveDeps['archives'];
  readonly stored: Pick<BundleDeps, 'images' | 'kernels' | 'bundles'>;
  readonly activity: Activity;
  readonly clock: Clock;
  readonly operations: Operations;
  readonly log: DaemonLog;
  /** `<id>/<time>`, sent with every answer so that a client notices an older daemon without asking */
  readonly build: string;
  readonly version: string;
  /** Called when the connection that an ephemeral VM belongs to has ended */
  readonly endLease: (vm: string, operation: string) => Promise<void>;
  /** Aborts when the daemon shuts down */
  readonly stopping: AbortSignal;
}

type AnyHandler = (input: unknown, operation: Operation) => Promise<unknown>;

/** The HTTP API as a function from request to response: no socket, so tests call it directly. */
export function createHttpApp(deps: HttpDeps): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    refuseBrowsers(c);
    using _ = deps.activity.begin();
    await next();
    c.header(BUILD_HEADER, deps.build);
  });
  app.onError((error, c) => errorResponse(toBangerError(error), c.req.header(OPERATION_HEADER)));
  // Answered, not thrown: a newer client learns from this answer, too, which build it has met.
  app.notFound((c) => {
    const what = `Cannot answer ${c.req.method} ${c.req.path}: there is no such route`;
    const unknown = new BangerError('usage.invalid', what, { hint: `GET ${streams.openapi}` });
    return errorResponse(unknown, c.req.header(OPERATION_HEADER));
  });
  for (const [name, route] of Object.entries(api)) {
    // The table's type says that name and handler belong together; a loop over it cannot.
    const handler = deps.handlers[name as RouteName] as AnyHandler;
    app.on(route.method, route.path, (c) => answer(c, { name, route, handler }, deps));
  }
  registerTextStreams(app, deps.text);
  registerFiles(app, deps);
  registerShips(app, deps);
  registerContexts(app, deps);
  registerLayouts(app, deps);
  registerArchives(app, deps);
  registerBundles(app, { ...deps, ...deps.stored });
  app.post(streams.cancelOperation, async (c) => {
    const id = OperationId.safeParse(c.req.param('operation'));
    if (id.success) await deps.operations.cancel(id.data);
    return c.body(null, 204);
  });
  app.get(streams.openapi, (c) => c.json(openApiDocument(deps.version)));
  return app;
}

/** A page in a browser has no business here, whatever proxy let it through (docs/threat-model.md). */
function refuseBrowsers(c: Context): void {
  if (c.req.header('origin') === undefined) return;
  throw new BangerError(
    'usage.invalid',
    'Cannot answer a request with an Origin: this API is not for web pages',
  );
}

interface Answering {
  readonly name: string;
  readonly route: Route;
  readonly handler: AnyHandler;
}

async function answer(
  c: Context,
  { name, route, handler }: Answering,
  deps: HttpDeps,
): Promise<Response> {
  const id = operationOf(c);
  const signal = AbortSignal.any([c.req.raw.signal, deps.stopping]);
  const input = await readInput(c, route);
  const log = deps.log.child({ operation: id, route: name });
  const run = async (operation: Operation) => {
    log.debug('request');
    using work = deps.operations.begin(id);
    const until = AbortSignal.any([operation.signal, work.cancelled]);
    try {
      return await handler(input, { ...operation, signal: until });
    } catch (error) {
      const known = until.aborted ? cancelled(error) : toBangerError(error);
      log.warn({ code: known.code, err: known }, known.message);
      throw known;
    }
  };
  if (route.progress === true && wantsProgress(c.req.header('accept'))) {
    const lease = leaseOf(input);
    return answerProgress({ operation: { id, signal }, run, lease, deps });
  }
  if (leaseOf(input)) {
    throw new BangerError(
      'usage.invalid',
      'Cannot create an ephemeral VM: its answer must be read as NDJSON',
      {
        hint: 'accept: application/x-ndjson',
      },
    );
  }
  try {
    return c.json(await run({ id, signal, progress: silent }), 200, { [OPERATION_HEADER]: id });
  } catch (error) {
    return errorResponse(toBangerError(error), id);
  }
}

/** Path parameters, query and body as one object, checked by the route's schema. */
async function readInput(c: Context, route: Route): Promise<unknown> {
  const fromBody = route.method === 'GET' || route.method === 'DELETE' ? {} : await readBody(c);
  const raw = { ...c.req.query(), ...fromBody, ...c.req.param() };
  const result = route.input.safeParse(raw);
  if (result.success) return result.data;
  const issues = result.error.issues.map(
    ({ path, message }) => `${path.join('.') || 'input'}: ${message}`,
  );
  throw new BangerError('usage.invalid', `Cannot read the request: ${issues.join('; ')}`, {
    details: { issues },
  });
}

function operationOf(c: Context): OperationId {
  const given = OperationId.safeParse(c.req.header(OPERATION_HEADER));
  return given.success ? given.data : newOperationId();
}

function leaseOf(input: unknown): boolean {
  return (
    typeof input === 'object' && input !== null && 'ephemeral' in input && input.ephemeral === true
  );
}

function cancelled(error: unknown): BangerError {
  if (error instanceof BangerError && error.code !== 'internal.bug') return error;
  return new BangerError(
    'operation.cancelled',
    'The work was cancelled, and what it had done was undone',
    {
      cause: error,
    },
  );
}
