import type { Vm, VmDetails } from '@banger/protocol/vm';

/** What a fake daemon knows about a VM besides its record. */
export function describeFake(vm: Vm): VmDetails {
  const isStarted = vm.startedAt !== null;
  return {
    ...vm,
    disks: [
      {
        ...{ role: 'work', path: '/x/work.raw', readOnly: false },
        ...{ apparentBytes: 8e9, allocatedBytes: 4096 },
      },
    ],
    network: {
      ...{ mode: 'user', address: '10.77.0.16/16', hostAddress: '127.77.0.1' },
      ...{ mac: '52:54:00:00:00:01', nat: true, bridge: null },
    },
    vmm: { name: 'fake', version: '1', machine: 'none', pid: 42, command: ['fake', '--vm'] },
    bootId: 'b',
    startedFrom: null,
    hygiene: [],
    snapshots: [],
    timings: isStarted ? timings() : [],
    directory: '/x',
  };
}

function timings(): VmDetails['timings'] {
  return [
    { name: 'queue', ms: 2, atMs: 0 },
    { name: 'spawn', ms: 48, atMs: 2 },
    { name: 'identity', ms: 30, atMs: 50 },
    { name: 'identity/clock', ms: 10, atMs: 60 },
    { name: 'ready', ms: 20, atMs: 80 },
  ];
}
