import { randomUUID } from 'node:crypto';
import type { Duplex } from 'node:stream';

import { BangerError } from '@banger/protocol/errors';

import { orAbort } from '../host/or-abort.ts';
import { fakeBuilds } from './fake-build.ts';
import { type FakeCommand, fakeUserland, findCommand } from './fake-commands.ts';
import { assumeIdentity } from './fake-identity.ts';
import { fakeFiles, getFake, putFake, type FakeFiles } from './fake-files.ts';
import { FakeWorkspaces } from './fake-workspaces.ts';
import { fakeSessions, type FakeSessions } from './fake-sessions.ts';
import { fakeStats } from './fake-stats.ts';
import { fakeNetwork, fakeServices, type FakeListeners } from './fake-network.ts';
import type {
  Guest,
  GuestBoot,
  GuestExec,
  GuestExecIo,
  GuestIdentified,
  GuestIdentity,
  GuestInfo,
} from './guest.ts';

/** A guest without a machine: what it remembers outlives the connections to it. */
export interface FakeGuest {
  readonly agentBuild: string;
  phase: GuestInfo['phase'];
  readonly bootId: string;
  /** What it was told to boot with */
  boot: GuestBoot | undefined;
  /** Who it was told to be last, by boot or by identify */
  identity: GuestIdentity | undefined;
  /** Said instead of the truth when it is identified */
  lies: Partial<GuestIdentified>;
  /** How far its clock is ahead of the host's */
  clockOffsetMs: number;
  /** Holds on all connections now (`expectSilence`) */
  readonly silences: Set<symbol>;
  readonly commands: Readonly<Record<string, FakeCommand>>;
  /** Commands that run now, over all connections */
  readonly running: Set<GuestExec>;
  /** What listens in it */
  readonly listeners: FakeListeners;
  readonly files: FakeFiles;
  readonly sessions: FakeSessions;
  readonly workspaces: FakeWorkspaces;
  /** Paths that commands of a build have changed; each is a file with its path as content */
  readonly changes: Set<string>;
  readonly calls: string[];
  /** Told when it is asked to power off; the machine around it then ends */
  onShutdown: () => void;
  /** Set to make the next call of that name fail with it */
  readonly failures: Map<string, Error>;
}

export function createFakeGuest(commands: Readonly<Record<string, FakeCommand>> = {}): FakeGuest {
  return {
    agentBuild: 'fake',
    phase: 'initrd',
    bootId: randomUUID(),
    boot: undefined,
    identity: undefined,
    lies: {},
    clockOffsetMs: 0,
    silences: new Set(),
    commands: { ...fakeUserland, ...commands },
    running: new Set(),
    listeners: fakeServices(),
    files: fakeFiles(),
    sessions: { all: [], made: 0 },
    workspaces: new FakeWorkspaces(),
    changes: new Set(),
    calls: [],
    onShutdown: () => undefined,
    failures: new Map(),
  };
}

/** One connection to a fake guest; lost when the stream closes, and the stream closes when it is disposed. */
export function connectFakeGuest(guest: FakeGuest, stream?: Duplex): Guest {
  const gone = new AbortController();
  const { signal: lost } = gone;
  const lose = (fact: string) => gone.abort(new BangerError('guest.unreachable', fact));
  stream?.once('close', () => lose('The channel to the guest agent was closed'));
  if (stream?.destroyed === true) lose('The channel to the guest agent was closed');

  const answer = async <T>(call: string, signal: AbortSignal, work: () => T | Promise<T>) => {
    signal.throwIfAborted();
    lost.throwIfAborted();
    guest.calls.push(call);
    const failure = guest.failures.get(call);
    guest.failures.delete(call);
    if (failure !== undefined) throw failure;
    return orAbort(Promise.resolve(work()), AbortSignal.any([signal, lost]));
  };

  return {
    agentBuild: guest.agentBuild,
    lost,
    info: (signal) => answer('info', signal, () => infoOf(guest)),
    boot: (request, signal) => answer('boot', signal, () => bootFake(guest, request)),
    ready: (signal) =>
      answer('ready', signal, () => {
        requireBooted(guest);
        return { state: 'running', failedUnits: [] };
      }),
    exec: (request, io, signal) =>
      answer('exec', signal, () => runFake(guest, request, { io, over: AbortSignal.any([signal, lost]) })),
    network: fakeNetwork(guest.listeners, {
      lost,
      call: (name, verb, signal, work) =>
        answer(name, signal, () => {
          requireBooted(guest, verb);
          return work();
        }),
    }),
    files: {
      put: (request, archive, signal) =>
        answer('put', signal, () => {
          requireBooted(guest, `write "${request.path}"`);
          return putFake(guest.files, request, archive);
        }),
      get: (request, signal) =>
        answer('get', signal, () => {
          requireBooted(guest, `read "${request.path}"`);
          return getFake(guest.files, request, AbortSignal.any([signal, lost]));
        }),
    },
    sessions: fakeSessions({
      sessions: guest.sessions,
      commands: guest.commands,
      lost,
      answer: (call, signal, work) =>
        answer(call, signal, () => {
          requireBooted(guest, 'have sessions');
          return work();
        }),
    }),
    workspaces: {
      plan: (bytes, signal) => answer('planShip', signal, () => guest.workspaces.plan(bytes)),
      apply: (bytes, signal) => answer('applyShip', signal, () => guest.workspaces.apply(bytes)),
    },
    builds: fakeBuilds(guest, { lost, begin: (signal, work) => answer('takeLayer', signal, work) }),
    stats: (signal) => answer('stats', signal, () => fakeStats(1 + guest.running.size)),
    sync: (signal) => answer('sync', signal, () => undefined),
    identify: (request, signal) =>
      answer('identify', signal, () => {
        requireBooted(guest, 'take on its identity');
        return assumeIdentity(guest, request);
      }),
    syncClock: (signal) =>
      answer('syncClock', signal, () => {
        guest.clockOffsetMs = 0;
        return guest.clockOffsetMs;
      }),
    expectSilence() {
      const hold = Symbol();
      guest.silences.add(hold);
      return {
        [Symbol.dispose]: () => {
          guest.silences.delete(hold);
        },
      };
    },
    async leave(signal) {
      await answer('leave', signal, () => undefined);
      lose('The conversation with the guest agent was ended');
    },
    shutdown: (signal) =>
      answer('shutdown', signal, () => {
        guest.phase = 'stopping';
        setImmediate(guest.onShutdown);
      }),
    [Symbol.asyncDispose]() {
      lose('The conversation with the guest agent was ended');
      stream?.destroy();
      return Promise.resolve();
    },
  };
}

function infoOf({ agentBuild, bootId, phase }: FakeGuest): GuestInfo {
  return { agentBuild, bootId, phase, kernelRelease: '6.1.0-fake', uptimeMs: 1 };
}

function bootFake(guest: FakeGuest, request: GuestBoot) {
  if (guest.phase !== 'initrd') {
    throw new BangerError('guest.refused', 'The guest cannot boot: it is booted');
  }
  guest.boot = request;
  guest.identity = request.identity;
  guest.phase = 'booted';
  return { bootId: guest.bootId, stages: [{ name: 'root', ms: 1 }] };
}

function requireBooted({ phase }: FakeGuest, verb = 'run a command'): void {
  if (phase === 'booted') return;
  throw new BangerError('guest.refused', `The guest cannot ${verb}: it is not booted`);
}

async function runFake(
  guest: FakeGuest,
  request: GuestExec,
  { io, over }: { readonly io: GuestExecIo; readonly over: AbortSignal },
) {
  requireBooted(guest);
  const command = findCommand(request, guest.commands);
  guest.running.add(request);
  try {
    io.onStarted?.(100 + guest.running.size);
    const write = async (stream: 'stdout' | 'stderr', text: string | Uint8Array) => {
      over.throwIfAborted();
      await io.onOutput(stream, typeof text === 'string' ? Buffer.from(text) : text);
    };
    const touch = (path: string) => void guest.changes.add(path);
    const run = { request, input: io.input, write, touch, signal: over };
    return await orAbort(Promise.resolve(command(run)), over);
  } finally {
    guest.running.delete(request);
  }
}
