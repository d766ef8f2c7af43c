import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { api, type RouteName } from '@banger/protocol/api';
import { BangerError, errorCatalog, toBangerError } from '@banger/protocol/errors';
import { BUILD_HEADER, OPERATION_HEADER, streams } from '@banger/protocol/streams';
import { toWireError } from '@banger/protocol/wire-error';
import type { Vm } from '@banger/protocol/vm';

import { createAcceptor, upgradeSocket } from '../../packages/banger/src/daemon/upgrade-socket.ts';
import { createFakeGuest } from '../../packages/banger/src/guest/fake-guest.ts';
import { FakeExecs } from './fake-execs.ts';
import { createFakeHandlers, type FakeSettings } from './fake-handlers.ts';
import { fakeFilesApp } from './fake-files-app.ts';
import { answerArchive } from './fake-archives.ts';
import { answerShip } from './fake-ships.ts';
import { fakeSockets } from './fake-sockets.ts';
import { FakeSaved } from './fake-saved.ts';
import { FakeVms } from './fake-vms.ts';

/**
 * A daemon with everything but VMs: the API of `api.ts` over a unix socket, validated by the same schemas, with state.
 * Work can be made to wait (`hold`), and is then cancelled by the cancel request or the end of the connection.
 */
export class FakeDaemon implements AsyncDisposable {
  readonly vms = new FakeVms();
  readonly saved = new FakeSaved(this.vms);
  readonly execs = new FakeExecs();
  /** Inside of every VM */
  readonly guest = createFakeGuest();
  readonly settings: FakeSettings;
  /** `GET /v1/vms` */
  readonly requests: string[] = [];
  readonly operations = new Set<string>();
  /** Names of the work that was cancelled, and how */
  readonly cancelled: string[] = [];
  /** Routes that wait until they are cancelled */
  readonly held = new Set<RouteName>();
  readonly failing = new Map<RouteName, BangerError>();
  /** Like a daemon from before the cancel request */
  knowsCancel = true;
  logs = 'one\ntwo\n';
  readonly #work = new Map<string, (how: string) => void>();
  #server: Server | undefined;
  #hangUp = (): void => undefined;

  readonly directory: string;

  constructor(directory: string) {
    this.directory = directory;
    const socket = join(directory, 'bangerd.sock');
    const stop = () => void this.stop();
    this.settings = { socket, build: { id: 'dev', time: 0 }, busy: 0, doctorRows: [], stop };
  }

  async start(): Promise<void> {
    const server = createServer((request, response) => void this.#answer(request, response));
    const sockets = fakeSockets(this.execs, this.guest);
    const acceptor = createAcceptor(sockets);
    server.once('close', () => acceptor.close());
    this.#hangUp = () => {
      for (const client of acceptor.clients) client.terminate();
    };
    server.on('upgrade', (request, connection, head) => {
      this.requests.push(`UPGRADE ${request.url ?? ''}`);
      void upgradeSocket({ request, connection, head }, acceptor, sockets);
    });
    await new Promise<void>((resolve) => server.listen(this.settings.socket, resolve));
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    this.#hangUp();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://banger');
    const operation = String(request.headers[OPERATION_HEADER]);
    this.requests.push(`${request.method ?? ''} ${url.pathname}`);
    this.operations.add(operation);
    const { id, time } = this.settings.build;
    response.setHeader(BUILD_HEADER, `${id}/${String(time)}`);
    response.setHeader(OPERATION_HEADER, operation);
    try {
      if (url.pathname.endsWith('/logs')) return void response.end(this.logs);
      const cancelled = /^\/v1\/operations\/(.+)\/cancel$/.exec(url.pathname)?.[1];
      if (cancelled !== undefined && this.knowsCancel) {
        this.#work.get(cancelled)?.('asked');
        return void response.writeHead(204).end();
      }
      if (url.pathname.endsWith('/files')) {
        fakeFilesApp(this.guest)(request, response);
        return;
      }
      if (url.pathname === streams.imageArchive) {
        await answerArchive(request, response, url.searchParams);
        return;
      }
      const ship = /^\/v1\/vms\/([^/]+)\/workspace(\/plan)?$/.exec(url.pathname);
      if (ship !== null) {
        await answerShip(this, request, response);
        return;
      }
      await this.#route(request, response, { url, operation });
    } catch (thrown) {
      const error = toBangerError(thrown);
      response.writeHead(errorCatalog[error.code].status);
      response.end(JSON.stringify(toWireError(error, operation)));
    }
  }

  async #route(
    request: IncomingMessage,
    response: ServerResponse,
    { url, operation }: { readonly url: URL; readonly operation: string },
  ): Promise<void> {
    const { name, params } = matchRoute(request.method ?? '', url.pathname);
    const body = await readBody(request);
    const given = { ...params, ...Object.fromEntries(url.searchParams), ...body };
    const input = api[name].input.safeParse(given);
    if (!input.success) throw new BangerError('usage.invalid', input.error.message);
    const failure = this.failing.get(name);
    const isLong = 'progress' in api[name] && api[name].progress;
    if (!isLong) {
      if (failure !== undefined) throw failure;
      response.end(JSON.stringify(await this.#handle(name, input.data)));
      return;
    }
    const line = (value: object) => response.write(`${JSON.stringify(value)}\n`);
    response.writeHead(200, { 'content-type': 'application/x-ndjson' });
    const stage = { name: 'work', text: 'Working' };
    line({ type: 'stage', stage });
    try {
      if (this.held.has(name)) await this.#wait(name, operation, response);
      if (failure !== undefined) throw failure;
      const result = await this.#handle(name, input.data);
      if (name === 'createVm') {
        const { spec, provenance } = result as Vm;
        line({ type: 'spec', spec, provenance });
      }
      line({ type: 'stage', stage: { ...stage, ms: 1234 } });
      line({ type: 'result', result });
      if (name === 'createVm' && (result as Vm).ephemeral) {
        this.#lease(result as Vm, response);
        return;
      }
    } catch (error) {
      line({ type: 'error', error: toWireError(toBangerError(error), operation) });
    }
    response.end();
  }

  /** Waits for ever: only cancelling ends it. */
  #wait(name: RouteName, operation: string, response: ServerResponse): Promise<never> {
    return new Promise((_, reject) => {
      const cancel = (how: string) => {
        if (!this.#work.delete(operation)) return;
        this.cancelled.push(`${name}: ${how}`);
        reject(new BangerError('operation.cancelled', 'Cancelled'));
      };
      this.#work.set(operation, cancel);
      response.on('close', () => cancel('closed'));
    });
  }

  #lease({ id }: Vm, response: ServerResponse): void {
    response.on('close', () => {
      if (this.vms.list(true).some((vm) => vm.id === id)) this.vms.delete(id);
    });
  }

  #handle(name: RouteName, input: unknown): unknown {
    const handlers = createFakeHandlers(this);
    return (handlers[name] as (input: unknown) => unknown)(input);
  }
}

/** A daemon that listens in a directory of its own. */
export async function startFakeDaemon(): Promise<FakeDaemon> {
  const daemon = new FakeDaemon(await mkdtemp(join(tmpdir(), 'banger-fake-')));
  await daemon.start();
  return daemon;
}

function matchRoute(method: string, path: string) {
  for (const [name, route] of Object.entries(api)) {
    const pattern = route.path.replace(/:([a-z]+)/g, '(?<$1>[^/]+)');
    const match = route.method === method && new RegExp(`^${pattern}$`).exec(path);
    if (!match) continue;
    const decoded = Object.entries(match.groups ?? {}).map(
      ([key, value]) => [key, decodeURIComponent(value)] as const,
    );
    return { name: name as RouteName, params: Object.fromEntries(decoded) };
  }
  throw new BangerError('usage.invalid', `Cannot serve ${method} ${path}: there is no such route`);
}

async function readBody(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
}
