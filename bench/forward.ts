import { once } from 'node:events';
import { connect as connectSocket, type Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';

import { connect, type Banger, type VmHandle } from '@banger/sdk';

import type { Benchmark } from './benchmark.ts';
import { IMAGE } from './lab.ts';
import { timed } from './stopwatch.ts';

const MIB = 2 ** 20;
const TOTAL_BYTES = 100 * MIB;
const CHUNK_BYTES = 65_536;
const PORT = 9000;
const PUBLISHED_MS = 2000;

/** The way from the guest, which is what downloads use; of a command's output it is the floor too. */
export const forward: Benchmark = {
  id: 'forward',
  what: "100 MiB from a server in the guest through its forwarded port, against the same bytes as a command's output over the agent's channel",
  unit: 'ms',
  goal: 1.43, // Of the times: seven tenths of the throughput.
  runs: 8,
  warmUps: 1,
  open: (lab) =>
    openForward(lab, async (vm) => {
      const count = String(TOTAL_BYTES / CHUNK_BYTES);
      const argv = ['dd', 'if=/dev/zero', `bs=${String(CHUNK_BYTES)}`, `count=${count}`];
      let bytes = 0;
      await using command = await vm.spawn(argv, {
        stdout: (chunk) => void (bytes += chunk.length),
      });
      await command.outcome;
      requireAll(bytes);
    }),
};

export const forwardRaw: Benchmark = {
  id: 'forward-raw',
  what: '100 MiB through a forwarded port, against a bare console port of the same VM, written by dd and read from its socket',
  unit: 'ms',
  goal: null,
  runs: 8,
  warmUps: 1,
  open: (lab) => openForward(lab, readBulkPort),
};

async function openForward(
  lab: Parameters<Benchmark['open']>[0],
  floor: (vm: VmHandle, banger: Banger) => Promise<unknown>,
) {
  await using cleanup = new AsyncDisposableStack();
  const banger = cleanup.use(connect({ socket: lab.home.paths.socket }));
  await lab.home.banger(['daemon', 'start']);
  const vm = cleanup.use(
    await banger.vms.create({ image: IMAGE, vcpu: 2 }, { signal: lab.signal }),
  );
  await startServer(vm, lab.signal);
  const { address } = await banger.vms.show(vm.id);
  const port = { host: address ?? '', port: PORT };
  const owned = cleanup.move(); // The subject owns the VM.
  return {
    value: () => timed(async () => requireAll(await readToEnd(connectSocket(port)))),
    floor: () => timed(() => floor(vm, banger)),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** What every image has: perl sends the bytes to whoever connects. */
async function startServer(vm: VmHandle, signal: AbortSignal): Promise<void> {
  const program = [
    'use Socket;',
    'socket(S, PF_INET, SOCK_STREAM, 0); setsockopt(S, SOL_SOCKET, SO_REUSEADDR, 1);',
    `bind(S, sockaddr_in(${String(PORT)}, INADDR_ANY)) and listen(S, 5) or die;`,
    `my $b = "x" x ${String(CHUNK_BYTES)};`,
    `while (accept(C, S)) { syswrite(C, $b) for 1..${String(TOTAL_BYTES / CHUNK_BYTES)}; close C }`,
  ].join(' ');
  const detached = 'setsid perl -e "$1" </dev/null >/dev/null 2>&1 &';
  await vm.exec(['sh', '-c', detached, 'sh', program]);
  await wait(PUBLISHED_MS, undefined, { signal }); // Its port answers here within a second.
}

async function readBulkPort(vm: VmHandle, banger: Banger): Promise<void> {
  const { stdout } = await vm.exec([
    'sh',
    '-c',
    'for port in /sys/class/virtio-ports/*; do [ "$(cat "$port/name")" = agent.1 ] && echo "/dev/${port##*/}"; done',
  ]);
  const device = stdout.toString().trim();
  const socket = connectSocket(await bulkSocket(banger, vm));
  await once(socket, 'connect');
  const count = String(TOTAL_BYTES / CHUNK_BYTES);
  const writing = vm.exec([
    'dd',
    'if=/dev/zero',
    `of=${device}`,
    `bs=${String(CHUNK_BYTES)}`,
    `count=${count}`,
  ]);
  let bytes = 0;
  for await (const chunk of socket) {
    bytes += (chunk as Buffer).length;
    if (bytes >= TOTAL_BYTES) break;
  }
  await writing;
  requireAll(bytes);
}

/** As QEMU was told; only the monitor's command line has it. */
async function bulkSocket(banger: Banger, vm: VmHandle): Promise<string> {
  const { vmm } = await banger.vms.show(vm.id);
  const path = /[^ ,=]+agent1\.sock/.exec(vmm?.command.join(' ') ?? '')?.[0];
  if (path === undefined) throw new Error('the VM has no second port');
  return path;
}

async function readToEnd(socket: Socket): Promise<number> {
  let bytes = 0;
  for await (const chunk of socket) bytes += (chunk as Buffer).length;
  return bytes;
}

function requireAll(bytes: number): void {
  if (bytes !== TOTAL_BYTES) throw new Error(`${String(bytes)} bytes came`);
}
