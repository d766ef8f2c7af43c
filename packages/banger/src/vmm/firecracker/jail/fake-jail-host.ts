import { FakeProcess, type FakeProgram } from '../../../host/fake-process.ts';
import type { Child, ProcessIdentity } from '../../../host/processes.ts';
import { isSame } from './find-jailed.ts';
import { busy, unusable } from './jail-errors.ts';
import { Jail, JailFile, JailId, JailSpawn, TakenFile, type JailHost } from './jail-host.ts';

export type FakeFile =
  { readonly content: string; isOursAlone: boolean } | { readonly link: string };

/** The part of a host that outlives its callers: give one to two fakes to play two of them. */
export interface FakeJails {
  /** Outside of jails, by path */
  readonly files: Map<string, FakeFile>;
  readonly jails: Map<JailId, FakeJail>;
  /** Network namespaces that there are, by path */
  readonly netns: Set<string>;
  lastPid: number;
}

interface FakeJail {
  readonly uid: number;
  readonly entries: Map<string, FakeFile>;
  process?: FakeProcess;
  /** Of its process */
  netns?: string | undefined;
}

export function createFakeJails(): FakeJails {
  return { files: new Map(), jails: new Map(), netns: new Set(), lastPid: 5000 };
}

/** Keeps what the kernel would keep and refuses what the real one refuses; `firecracker` plays what is jailed. */
export function createFakeJailHost(host: FakeJails, firecracker: FakeProgram): JailHost {
  const { files, jails } = host;
  const runningIn = (id: JailId) => {
    const process = jails.get(id)?.process;
    return process === undefined || process.gone.aborted ? undefined : process;
  };
  const takeAway = ({ entries }: FakeJail, name: string) => {
    const file = entries.get(name);
    if (file !== undefined && 'content' in file && isPlaced(name)) file.isOursAlone = true;
    entries.delete(name);
  };
  const find = (id: JailId): readonly ProcessIdentity[] => {
    const process = runningIn(id);
    return process === undefined ? [] : [process.identity];
  };

  return {
    problems: () => Promise.resolve([]),
    rootOf: (id) => `/jails/firecracker/${JailId.parse(id)}/root`,
    place: (jail, placed, signal) =>
      answer(signal, () => {
        const { id, uid } = Jail.parse(jail);
        if (runningIn(id) !== undefined) throw busy(id);
        const other = [...jails].find(([name, found]) => name !== id && found.uid === uid);
        if (other !== undefined) throw unusable(id, `its user is that of jail "${other[0]}"`);
        const found = jails.get(id) ?? { uid, entries: new Map<string, FakeFile>() };
        jails.set(id, found);
        for (const { name, hostPath, access } of placed.map((file) => JailFile.parse(file))) {
          takeAway(found, name);
          const file = files.get(hostPath);
          if (file === undefined || 'link' in file) throw unusable(id, `no file "${hostPath}"`);
          if (access === 'write') file.isOursAlone = false;
          found.entries.set(name, file);
        }
      }),
    spawn: (order, signal) =>
      answer(signal, () => {
        const { id, args, netns } = JailSpawn.parse(order);
        const jail = jails.get(id);
        if (jail === undefined) throw unusable(id, 'nothing was placed in it');
        if (runningIn(id) !== undefined) throw busy(id);
        if (netns !== undefined && !host.netns.has(netns))
          throw unusable(id, `"${netns}" is no network namespace`);
        jail.netns = netns;
        for (const name of jail.entries.keys()) if (!isPlaced(name)) jail.entries.delete(name);
        host.lastPid += 1;
        jail.process = new FakeProcess(host.lastPid, ['firecracker', ...args]);
        jail.process.begin(firecracker, { stdin: '', env: {} });
        return asChild(jail.process);
      }),
    command: ({ id, uid }, { args }) =>
      ['jailer', '--id', id, '--uid', String(uid), '--', ...args] as const,
    adopt: (id, identity) => {
      const process = runningIn(id);
      const isIt = process !== undefined && isSame(process.identity, identity);
      return Promise.resolve(isIt ? asChild(process) : undefined);
    },
    find: (id) => Promise.resolve(find(id)),
    takeOut: (id, taken, signal) =>
      answer(signal, () => {
        const { name, to } = TakenFile.parse(taken);
        const file = jails.get(id)?.entries.get(name);
        if (file === undefined || 'link' in file) throw unusable(id, `no file "${name}"`);
        jails.get(id)?.entries.delete(name);
        files.set(to, { content: file.content, isOursAlone: true });
      }),
    remove: (id, signal) =>
      answer(signal, () => {
        if (runningIn(id) !== undefined) throw busy(id);
        const jail = jails.get(id);
        for (const name of jail?.entries.keys() ?? []) if (jail) takeAway(jail, name);
        jails.delete(id);
      }),
    list: (signal) => answer(signal, () => [...jails.keys()].sort()),
  };
}

function isPlaced(name: string): boolean {
  return JailFile.shape.name.safeParse(name).success;
}

async function answer<Value>(signal: AbortSignal, work: () => Value): Promise<Value> {
  await Promise.resolve();
  signal.throwIfAborted();
  return work();
}

function asChild(process: FakeProcess): Child {
  return {
    identity: process.identity,
    exited: process.exited,
    gone: process.gone,
    kill: (signal) => process.kill(signal),
    async [Symbol.asyncDispose]() {
      process.kill('SIGKILL');
      await process.exited;
    },
  };
}
