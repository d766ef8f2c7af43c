import type { EventBody } from '@banger/protocol/events';

import { createFakeListeners } from '../host/fake-listeners.ts';
import { anOperation, aRequest, createFakeWorld } from '../machine/fake-world.ts';
import type { Publishers } from '../network/publishers.ts';
import { createActivity } from './activity.ts';
import { createSilentLog } from './daemon-log.ts';
import { composePublishers, followVm } from './compose-publishers.ts';
import { createEventHub } from './event-hub.ts';
import { ExecRegistry } from './exec-registry.ts';
import { createHandlers } from './handlers.ts';
import { createHttpApp } from './http.ts';
import { logStreams } from './log-streams.ts';
import { Operations } from './operations.ts';

/** The HTTP API over a fake world: everything of the daemon but the socket. */
export function createFakeApp() {
  const world = createFakeWorld();
  const onEvent = (body: EventBody) => followVm(publishers, body);
  const { machines, running } = world.daemon({ onEvent });
  const events = createEventHub(world.clock, 'epoch');
  const activity = createActivity();
  const stopping = new AbortController();
  const requested = { stop: 0 };
  const listeners = createFakeListeners();
  const emit = (body: EventBody) => void world.events.push(body);
  const publishers: Publishers = composePublishers({
    adapters: { ...world, listeners },
    machines,
    emit,
  });
  const { builds } = world;
  const handlers = createHandlers({
    ...world,
    machines,
    running,
    publishers,
    portProblems: (id) => publishers.problemsOf(id),
    hasNames: () => Promise.resolve(true),
    events,
    execs: new ExecRegistry(world.clock),
    hostSize: () => Promise.resolve({ cpus: 4, memoryMib: 8192, diskMib: 100_000 }),
    monitorMemory: () => Promise.resolve({ rssBytes: 2, pssBytes: 1 }),
    defaults: { image: 'debian-bookworm-slim', kernel: 'debian-6.1' },
    info: () => ({
      version: '0.1.0',
      build: { id: 'test', time: 1 },
      pid: 1,
      startedAt: world.clock.now().toISOString(),
      busy: activity.busy - 1,
      runningVms: machines.runningCount(),
      rssBytes: 1,
      socket: '/run/bangerd.sock',
      logFile: '/log',
      stateDir: '/state',
      dns: null,
    }),
    effectiveConfig: () => Promise.resolve([]),
    sshClient: {
      describe: () =>
        Promise.resolve({
          configFile: '/state/ssh/config',
          config: 'Host *.vm\n',
          identityFile: '/state/ssh/id_ed25519',
          knownHostsFile: '/state/ssh/known_hosts',
        }),
    },
    doctor: () => Promise.resolve([]),
    requestStop: () => {
      requested.stop += 1;
    },
  });
  const app = createHttpApp({
    handlers,
    machines,
    text: logStreams({
      ...{ machines, events, daemonLog: '/nonexistent/log' },
      monitorLog: ({ paths }) => ({ file: paths.vmmLog }),
    }),
    stored: world,
    builds,
    images: world.images,
    archives: world.archives,
    activity,
    operations: new Operations(),
    clock: world.clock,
    log: createSilentLog(),
    build: 'test/1',
    version: '0.1.0',
    endLease: (vm) => machines.endLease(vm),
    stopping: stopping.signal,
  });
  const call = (
    method: string,
    path: string,
    body?: object,
    headers: Record<string, string> = {},
  ) =>
    app.request(path, {
      method,
      headers: { 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  const createVm = (name = 'web') => machines.create(aRequest({ name }), anOperation());
  return {
    ...{ ...world, app, call, createVm, machines, events, activity, stopping, requested },
    ...{ listeners, publishers },
  };
}
