import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { connect } from '@banger/sdk';

import { processMemory } from '../packages/banger/src/host/process-memory.ts';
import { repositoryRoot } from '../test/support/repository.ts';
import type { Benchmark } from './benchmark.ts';
import { IMAGE, type Lab } from './lab.ts';

const node = join(repositoryRoot, 'node_modules/node/bin/node');
const SETTLE_MS = 2_000;

export const daemonMemoryIdle = daemonMemory(0);
export const daemonMemoryBusy = daemonMemory(4);

/** Resident memory of a daemon that was just started, with VMs that have run a command and now idle. */
function daemonMemory(vms: number): Benchmark {
  return {
    id: `daemon-memory-${String(vms)}`,
    what: `resident memory of a fresh daemon with ${String(vms)} VMs, against an idle \`node -e\``,
    unit: 'mib',
    goal: null,
    runs: 5,
    warmUps: 0,
    open(lab) {
      return Promise.resolve({
        value: () => daemonResident(lab, vms),
        floor: idleNodeResident,
        [Symbol.asyncDispose]: () => Promise.resolve(),
      });
    },
  };
}

async function daemonResident({ home, signal }: Lab, vms: number): Promise<number> {
  await home.banger(['daemon', 'restart']);
  using banger = connect({ socket: home.paths.socket });
  await using guests = new AsyncDisposableStack();
  const size = { image: IMAGE, memoryMib: 256, vcpu: 1 };
  const creating = Array.from({ length: vms }, () => banger.vms.create(size, { signal }));
  for (const made of await Promise.allSettled(creating)) {
    if (made.status === 'rejected') throw made.reason;
    await guests.use(made.value).exec(['true'], { signal });
  }
  await wait(SETTLE_MS, undefined, { signal });
  const { pid } = await banger.daemon.info();
  return await resident(pid);
}

async function idleNodeResident(): Promise<number> {
  const idle = spawn(node, ['-e', 'setInterval(() => {}, 1e6); process.stdout.write("up")'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(idle, 'exit');
  try {
    await once(idle.stdout, 'data');
    await wait(SETTLE_MS);
    return await resident(idle.pid ?? 0);
  } finally {
    idle.kill('SIGKILL');
    await exited;
  }
}

async function resident(pid: number): Promise<number> {
  const memory = await processMemory(pid);
  if (memory === undefined) throw new Error(`process ${String(pid)} cannot be read`);
  return memory.rssBytes / 2 ** 20;
}
