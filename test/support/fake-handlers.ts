import type { Api } from '@banger/protocol/api';
import { BangerError } from '@banger/protocol/errors';
import type { DoctorRow } from '@banger/protocol/doctor';
import { newExecId } from '@banger/protocol/ids';
import type { VmPort } from '@banger/protocol/port';
import type { Vm } from '@banger/protocol/vm';
import type { z } from 'zod';

import { sessionHandlers } from '../../packages/banger/src/daemon/handlers-sessions.ts';
import type { FakeGuest } from '../../packages/banger/src/guest/fake-guest.ts';
import { backgroundOperation } from '../../packages/banger/src/machine/operation.ts';
import type { FakeExecs } from './fake-execs.ts';
import type { FakeSaved } from './fake-saved.ts';
import { fakeMachines } from './fake-sockets.ts';
import type { FakeVms } from './fake-vms.ts';

export type FakeHandlers = {
  readonly [Name in keyof Api]: (
    input: z.output<Api[Name]['input']>,
  ) => z.input<Api[Name]['output']> | Promise<z.input<Api[Name]['output']>>;
};

/** What tests change about a fake daemon. */
export interface FakeSettings {
  readonly socket: string;
  build: { id: string; time: number };
  busy: number;
  doctorRows: DoctorRow[];
  stop: () => void;
}

const NOW = '2026-01-01T00:00:00.000Z';

const image = {
  id: 'img_0123456789abcdef' as never,
  name: 'debian-bookworm',
  kind: 'debian' as const,
  init: 'image' as const,
  sizeBytes: 1024 ** 3,
  createdAt: NOW,
  description: 'Debian 12',
  usedBy: ['web'],
  path: '/x/image',
};

const kernel = {
  id: 'krn_0123456789abcdef' as never,
  name: 'debian-6.1',
  release: '6.1.0-40-amd64',
  version: '6.1.153-1',
  sizeBytes: 1024 ** 2,
  createdAt: NOW,
  usedBy: [],
  path: '/x/kernel',
};

export interface FakeParts {
  readonly vms: FakeVms;
  readonly saved: FakeSaved;
  readonly execs: FakeExecs;
  readonly guest: FakeGuest;
  readonly settings: FakeSettings;
}

export function createFakeHandlers({
  vms,
  saved,
  execs,
  guest,
  settings,
}: FakeParts): FakeHandlers {
  const entry = { kind: 'debian', description: 'Debian 12', pulled: true, isDefault: true };
  const oneImage = (name: string) => (name === image.name ? image : missing('image', name));
  const oneKernel = (name: string) => (name === kernel.name ? kernel : missing('kernel', name));
  const machines = fakeMachines((reference) => vms.running(reference, 'Cannot use'), guest);
  const sessions = sessionHandlers({ machines });
  const operation = backgroundOperation();
  return {
    startSession: (input) => sessions.startSession(input, operation),
    listSessions: (input) => sessions.listSessions(input, operation),
    showSession: (input) => sessions.showSession(input, operation),
    sendToSession: (input) => sessions.sendToSession(input, operation),
    signalSession: (input) => sessions.signalSession(input, operation),
    stopSession: (input) => sessions.stopSession(input, operation),
    removeSession: (input) => sessions.removeSession(input, operation),
    daemonInfo: () => ({
      ...{ version: '0.1.0', build: settings.build, pid: 7, startedAt: NOW, busy: settings.busy },
      ...{ runningVms: vms.list(false).length, rssBytes: 1e8, socket: settings.socket },
      ...{ logFile: '/x/bangerd.log', stateDir: '/x' },
    }),
    stopDaemon: () => {
      setImmediate(settings.stop);
      return {};
    },
    showConfig: () => [
      { key: 'vmm', value: 'auto', origin: 'default' },
      { key: 'default_image', value: 'alpine', origin: 'file', source: 'config.toml:3' },
    ],
    doctor: () => settings.doctorRows,
    sshClient: () => ({
      ...{ configFile: '/x/ssh/config', config: 'Host *.vm\n' },
      ...{ identityFile: '/x/ssh/id_ed25519', knownHostsFile: '/x/ssh/known_hosts' },
    }),
    checkBuild: () => ({ warnings: [] }),
    buildImage: ({ name }) => ({ ...image, name: name ?? 'build-0', kind: 'oci' }),
    listVms: ({ all }) => vms.list(all),
    createVm: (request) => saved.began(vms.create(request), request.template),
    showVm: ({ vm }) => saved.show(vm),
    setVm: ({ vm, ...change }) => vms.set(vm, change),
    deleteVm: ({ vm }) => {
      vms.delete(vm);
      return {};
    },
    startVm: ({ vm }) => saved.start(vm),
    stopVm: ({ vm }) => vms.enter(vm, 'stop'),
    restartVm: ({ vm }) => vms.enter(vm, 'restart'),
    killVm: ({ vm }) => vms.enter(vm, 'kill'),
    pauseVm: ({ vm }) => vms.enter(vm, 'pause'),
    resumeVm: ({ vm }) => vms.enter(vm, 'resume'),
    suspendVm: ({ vm }) => vms.enter(vm, 'suspend'),
    forkVm: ({ vm, ...request }) => saved.fork(vm, request),
    listSnapshots: ({ vm }) => saved.snapshots(vm),
    createSnapshot: ({ vm, name }) => saved.snapshot(vm, name),
    restoreSnapshot: ({ vm, snapshot }) => saved.restore(vm, snapshot),
    deleteSnapshot: ({ vm, snapshot }) => {
      saved.deleteSnapshot(vm, snapshot);
      return {};
    },
    listTemplates: () => saved.templates(),
    deleteTemplate: ({ template }) => {
      saved.deleteTemplate(template);
      return {};
    },
    pruneTemplates: () => saved.pruneTemplates(),
    pruneVms: () => vms.prune(),
    vmStats: ({ vm }) => {
      const { id, name } = vms.running(vm, 'Cannot measure');
      return {
        ...{ id, name, guestCpuBusyNs: 1e9, guestCpuTotalNs: 4e9, at: NOW, load1m: 0.5 },
        ...{ memoryTotalBytes: 2 ** 31, memoryAvailableBytes: 2 ** 30, processCount: 12 },
        ...{ memoryFreeBytes: 2 ** 29, memoryCacheBytes: 2 ** 28 },
        ...{ hostRssBytes: 2 ** 29, hostPssBytes: null, fileSystems: [], diskAllocatedBytes: 4096 },
        ...{ networkReceivedBytes: 10, networkSentBytes: 20 },
      };
    },
    vmPorts: ({ vm }) => fakePorts(vms.running(vm, 'Cannot list the ports of')),
    createExec: ({ vm, ...request }) => {
      vms.running(vm, 'Cannot run a command in');
      const id = newExecId();
      execs.created.set(id, request);
      return { id };
    },
    signalExec: ({ exec, signal }) => {
      execs.signal(exec, signal);
      return {};
    },
    listImages: () => [image],
    listCatalog: () => [{ name: image.name, ...entry }],
    pullImage: ({ name }) => oneImage(name),
    loadImage: ({ name }) => ({ ...image, name, kind: 'oci' as const }),
    showImage: ({ image: name }) => oneImage(name),
    deleteImage: ({ image: name }) => {
      oneImage(name);
      throw new BangerError('image.in_use', `Cannot delete image "${name}": VM "web" uses it`);
    },
    registerImage: ({ name, rootfs }) => ({ ...image, name, kind: 'registered', path: rootfs }),
    promoteImage: ({ image: name }) => ({ ...oneImage(name), kind: 'promoted' }),
    pruneImages: () => [image],
    pruneCache: () => ({ count: 3, bytes: 5 * 1024 * 1024 }),
    importKernel: ({ name }) => ({ ...kernel, name }),
    listKernels: () => [kernel],
    listKernelCatalog: () => [{ name: kernel.name, ...entry }],
    pullKernel: ({ name }) => oneKernel(name),
    showKernel: ({ kernel: name }) => oneKernel(name),
    deleteKernel: ({ kernel: name }) => {
      oneKernel(name);
      return {};
    },
  };
}

function fakePorts({ name }: Vm): VmPort[] {
  const there = { vm: name, pid: 7, addresses: ['0.0.0.0'], problem: null };
  return [
    {
      ...{ ...there, protocol: 'tcp', port: 8080, process: 'node', scheme: 'http' },
      ...{ host: ['127.77.0.1:8080'], endpoint: `http://${name}.vm:8080` },
    },
    {
      ...{ ...there, protocol: 'tcp', port: 80, process: 'nginx', scheme: null },
      ...{ host: [], endpoint: null },
      problem: 'Cannot listen on 127.77.0.1:80: another program listens there',
    },
    {
      ...{ ...there, protocol: 'udp', port: 53, process: 'dnsmasq', scheme: null },
      ...{ host: [], endpoint: null },
    },
  ];
}

function missing(noun: 'image' | 'kernel', name: string): never {
  throw new BangerError(`${noun}.not_found`, `Cannot find ${noun} "${name}": there is none`);
}
