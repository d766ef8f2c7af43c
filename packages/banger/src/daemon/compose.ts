import { randomBytes } from 'node:crypto';

import { BangerError } from '@banger/protocol/errors';
import type { EventBody } from '@banger/protocol/events';

import { buildInfo } from '../build-info.ts';
import { hostSize } from '../host/host-size.ts';
import { processMemory } from '../host/process-memory.ts';
import type { Publishers } from '../network/publishers.ts';
import { openDatabase } from '../store/database.ts';
import { lockStateDir } from '../store/lock.ts';
import { createActivity } from './activity.ts';
import { composeAdapters } from './compose-adapters.ts';
import { driverOf } from './compose-drivers.ts';
import { composeCells } from './compose-cells.ts';
import { composeDoctor } from './compose-doctor.ts';
import { composeMachines } from './compose-machines.ts';
import { sweepStores } from './compose-sweeps.ts';
import { composePublishers, followVm } from './compose-publishers.ts';
import { composeBuilds } from './compose-builds.ts';
import { keepBridge, type KeptBridge } from './compose-networks.ts';
import { composeDns } from './compose-dns.ts';
import { daemonInfo } from './daemon-info.ts';
import { createDaemonLog, type DaemonLog } from './daemon-log.ts';
import { createEventHub } from './event-hub.ts';
import { ExecRegistry } from './exec-registry.ts';
import { dialRoute } from './dial-route.ts';
import { execRoute } from './exec-route.ts';
import { createHandlers } from './handlers.ts';
import { createHttpApp } from './http.ts';
import { listen } from './listen.ts';
import { keepLogsBounded } from './log-keeper.ts';
import { openState } from './open-state.ts';
import { Operations } from './operations.ts';
import { logStreams } from './log-streams.ts';
import { sessionRoute } from './session-route.ts';
import { createSocketRoutes } from './socket-routes.ts';

export interface DaemonOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** Static binary for the initrd */
  readonly agentBinary: string;
  /** The command line's program */
  readonly program: string;
}

export interface Daemon extends AsyncDisposable {
  readonly log: DaemonLog;
  /** Aborts when a client has asked it to stop */
  readonly stopRequested: AbortSignal;
}

/**
 * Wires one daemon: the only place that knows every part. Resolves when it serves and has taken over what earlier
 * daemons left. Disposing it cancels the work under way, leaves running VMs to the next daemon and frees the socket.
 */
export async function startDaemon({
  env,
  uid,
  agentBinary,
  program,
}: DaemonOptions): Promise<Daemon> {
  await using cleanup = new AsyncDisposableStack();
  const { paths, config } = await openState({ env, uid });
  cleanup.use(lockStateDir(paths.lockFile));
  const log = createDaemonLog(paths.logFile, config.values.log_level);
  const db = cleanup.use(openDatabase(paths.database));
  const cells = await composeCells({ config: config.values, paths, uid });
  const adapters = composeAdapters({
    ...{ db, paths, uid, agentBinary, program, cells },
    config: config.values,
    catalogUrls: config.catalogs.map(({ url }) => url),
    registries: config.registries,
    path: env['PATH'],
    env,
  });
  const { clock } = adapters;
  cleanup.use(adapters.templates);

  const events = createEventHub(clock, randomBytes(4).toString('hex'));
  // Until what earlier daemons left is taken over.
  let publishers: Publishers | undefined = undefined;
  let bridge: KeptBridge | undefined = undefined;
  const emit = (body: EventBody, operation: string) => {
    events.emit(body, operation);
    log.info({ operation, event: body }, body.type);
    followVm(publishers, body);
    bridge?.refresh();
  };
  const crashAt = env['BANGER_TEST_CRASH_AT'];
  const { machines, running } = composeMachines({ adapters, config, paths, crashAt, emit });
  cleanup.defer(() => machines.close());
  await adapters.sshClient.write();
  await sweepStores(adapters, paths, log);
  for (const problem of await machines.open()) log.error({ err: problem }, 'cannot take over a VM');
  await cells.sweep(machines.everyone(), log);

  const { networks } = adapters;
  const kept = await keepBridge({ networks, machines, clock, config: config.values, log });
  bridge = cleanup.use(kept);

  const published = cleanup.use(composePublishers({ adapters, machines, emit }));
  publishers = published;
  const names = cleanup.use(
    await composeDns({
      adapters,
      config,
      machines,
      log,
      stateDir: paths.stateDir,
      isRoot: uid === 0,
    }),
  );
  const builds = cleanup.use(composeBuilds({ adapters, machines, paths }));
  const stopRequest = new AbortController();
  const stopping = new AbortController();
  const activity = createActivity();
  const execs = new ExecRegistry(clock);
  const startedAt = clock.now().toISOString();
  const handlers = createHandlers({
    ...adapters,
    ...composeDoctor({ adapters, paths, config, names, bridge: kept }),
    machines,
    builds,
    running,
    publishers: published,
    portProblems: (id) => published.problemsOf(id),
    hasNames: () => names.resolve(),
    execs,
    events,
    hostSize: () => hostSize(paths.stateDir),
    monitorMemory: processMemory,
    defaults: { image: config.values.default_image, kernel: config.values.default_kernel },
    // The request that asks does not count.
    info: () =>
      daemonInfo(paths, {
        startedAt,
        busy: activity.busy - 1,
        runningVms: machines.runningCount(),
        dns: names.info(),
      }),
    requestStop: () => void setImmediate(() => stopRequest.abort()),
  });
  const app = createHttpApp({
    handlers,
    machines,
    text: logStreams({
      ...{ machines, events, daemonLog: paths.logFile },
      monitorLog: (plan) => driverOf(adapters.drivers, plan).log(plan),
    }),
    builds,
    images: adapters.images,
    archives: adapters.archives,
    stored: adapters,
    activity,
    operations: new Operations(),
    clock,
    log,
    build: `${buildInfo.id}/${String(buildInfo.time)}`,
    version: buildInfo.version,
    endLease: (vm) => machines.endLease(vm),
    stopping: stopping.signal,
  });
  const routes = [
    execRoute(execs, stopping.signal),
    dialRoute(machines, stopping.signal),
    sessionRoute(machines, stopping.signal),
  ];
  const sockets = createSocketRoutes({ routes, activity, log });
  cleanup.use(await listen({ socket: paths.socket, app, sockets }));
  const keeping = keepLogsBounded(machines, clock, stopping.signal);
  cleanup.defer(async () => {
    stopping.abort(
      new BangerError('daemon.stopping', 'the daemon is stopping', { hint: 'banger daemon start' }),
    );
    await keeping;
    await activity.idle(AbortSignal.timeout(DRAIN_MS));
  });
  log.info({ socket: paths.socket, build: buildInfo }, 'serving');

  const owned = cleanup.move(); // The returned daemon owns everything from here on.
  return {
    log,
    stopRequested: stopRequest.signal,
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** Cancelled work has this long to undo what it did. */
const DRAIN_MS = 40_000;
