import { createSharedWork } from '../artifact/shared-work.ts';
import type { EventBody } from '@banger/protocol/events';
import { newOperationId } from '@banger/protocol/ids';
import type { CreateVmRequest } from '@banger/protocol/vm-requests';
import type { Stage } from '@banger/protocol/progress';
import type { VmId } from '@banger/protocol/ids';

import { createFakeBuilds } from '../image/build/fake-builds.ts';
import { createFakeBundles } from '../bundle/fake-bundles.ts';
import { createFakeDisks } from '../disk/fake-disks.ts';
import type { FakeGuest } from '../guest/fake-guest.ts';
import { createFakeGuests } from '../guest/fake-guests.ts';
import { parseConfig } from '../host/config.ts';
import { createFakeClock } from '../host/fake-clock.ts';
import { createFileSync, type FileSync } from '../host/file-sync.ts';
import { createFakePressure } from '../host/fake-pressure.ts';
import { createFakeDirectories } from '../host/fake-directories.ts';
import { createFakeImageArchives } from '../image/archive/fake-image-archives.ts';
import { createFakeImages } from '../image/fake-images.ts';
import { createFakeBlobCache } from '../image/oci/fake-blob-cache.ts';
import { createFakeKernels } from '../kernel/fake-kernels.ts';
import { createFakeSavedStates } from '../saved/fake-saved-states.ts';
import { createFakeHostKeys } from '../ssh/fake-host-keys.ts';
import { createFakePins } from '../ssh/fake-pins.ts';
import { createFakeUserKey } from '../ssh/fake-user-key.ts';
import { createBridgeMode } from '../network/bridge/bridge-mode.ts';
import { createFakeBridgeHost } from '../network/bridge/fake-bridge-host.ts';
import type { NetworkMode } from '../network/network-mode.ts';
import { createUserMode } from '../network/user-mode.ts';
import { openDatabase } from '../store/database.ts';
import { createJournalTable } from '../store/journal-table.ts';
import { createVmsTable } from '../store/vms-table.ts';
import { createFakeTemplates } from '../template/fake-templates.ts';
import { createFakeDriver, type FakeDriverOptions } from '../vmm/fake-driver.ts';
import { createFakeVmmHost } from '../vmm/fake-vmm-host.ts';
import type { VmmDriver } from '../vmm/driver.ts';
import { filesOf, guestHooks, withSavedFiles, type Behaviour } from './fake-host.ts';
import { aBridge } from './fixtures.ts';
import { createIdentifier } from './identify.ts';
import { Machines } from './machines.ts';
import { mortal, type Life } from './mortal.ts';
import type { Operation } from './operation.ts';
import type { VmRecord } from './record.ts';
import { RunningVms } from './running-vms.ts';

const entry = { kind: 'debian', description: '' };

/**
 * A host without anything real: what is on it (monitors, disks, directories, templates, database) outlives the daemons
 * that `daemon()` makes, so that a crash and its successor can be played in one process.
 */
export function createFakeWorld(monitor: Pick<FakeDriverOptions, 'driveSerials'> = {}) {
  const clock = createFakeClock();
  const directories = createFakeDirectories();
  const disks = createFakeDisks();
  const catalog = [{ ...entry, name: 'debian-bookworm-slim', init: 'agent' as const }];
  const images = createFakeImages({ clock, catalog });
  const kernels = createFakeKernels({ clock, catalog: [{ ...entry, name: 'debian-6.1' }] });
  const blobs = createFakeBlobCache();
  const bundles = createFakeBundles();
  const host = createFakeVmmHost();
  const files = filesOf(host, disks);
  const templates = createFakeTemplates({ clock, files });
  const saved = createFakeSavedStates(files);
  const [hostKeys, userKey, pins] = [createFakeHostKeys(), createFakeUserKey(), createFakePins()];
  const gitUser = { identity: () => Promise.resolve({ name: 'Ana', email: 'ana@example.org' }) };
  const pressure = createFakePressure();
  const nameServers = ['192.0.2.53'];
  const bridge = aBridge({ dnsServers: () => nameServers });
  const { name, gateway: address, subnet } = bridge;
  const settings = { name, address, subnet, owner: '/state', uid: 0 };
  const bridgeHost = createFakeBridgeHost(settings);
  const networks = { user: createUserMode(), bridge: createBridgeMode(bridgeHost, settings) };
  const guests = new Map<VmId, FakeGuest>();
  const wires = createFakeGuests();
  const db = openDatabase(':memory:');
  const events: EventBody[] = [];
  const kvmFailures: string[] = [];
  /** How a guest answers a connection; replaced by tests of guests that do not */
  const behaviour: Behaviour = { accelerator: 'tcg' };
  const driver = createFakeDriver({
    ...monitor,
    host,
    ...guestHooks({ host, guests, wires, disks, behaviour }),
  });

  const daemon = (options: DaemonTweaks = {}) => {
    const life: Life = { dead: false };
    const running = new RunningVms();
    const records = createVmsTable(db);
    const machines = new Machines({
      clock,
      running,
      images,
      kernels,
      directories: mortal(directories, life),
      disks: mortal(withSavedFiles(disks, host), life),
      templates: mortal(templates, life),
      saved: mortal(saved, life),
      hostKeys: mortal(hostKeys, life),
      pins: mortal(pins, life),
      identifier: createIdentifier({ hostKeys, userKey, gitUser, records, bridge }),
      fileSync: options.fileSync ?? createFileSync([]),
      pressure,
      sharedWork: createSharedWork(),
      warmth: {
        isEnabled: options.templates ?? false,
        maxBytes: 20 * 1024 ** 3,
        standbysPerShape: options.standbys ?? 0,
        sizes: { overlayMib: 8192, workMib: 8192 },
      },
      connector: mortal(wires.connector, life),
      driverOf: () => mortal<VmmDriver>(driver, life),
      networkOf: ({ network }) => mortal<NetworkMode>(networks[network.mode], life),
      bridge,
      records: {
        ...records,
        update: (record, change) =>
          life.dead ? { ...record, ...change } : records.update(record, change),
        delete: (id) => (life.dead ? undefined : records.delete(id)),
      },
      journal: createJournalTable(db),
      emit(body) {
        events.push(body);
        options.onEvent?.(body);
      },
      kvmFailed: (why) => kvmFailures.push(why),
      onJournal(vm, step, phase) {
        if (life.dead) return;
        const at = `${step}:${phase}`;
        const isMeant = (options.purpose ?? 'user') === (records.get(vm)?.purpose ?? 'user');
        if (!isMeant || (at !== options.crashAt && at !== options.failAt)) return;
        if (at === options.crashAt) life.dead = true;
        if (options.times !== undefined && options.times-- <= 0) return;
        throw new Error(`injected at ${at}`);
      },
      dirs: { vms: '/vms', runtimeDir: '/run', forks: '/builds' },
      hostSize: () => Promise.resolve({ cpus: 4, memoryMib: 8192, diskMib: 100_000 }),
      specContext: () =>
        Promise.resolve({
          config: parseConfig({ file: '', text: undefined, env: {} }).values,
          ...{ originOf: () => 'built-in' as const, limitsNetwork: () => true },
          accelerator: () => behaviour.accelerator,
          ...{ firecrackerProblem: undefined, bridgeWorks: false, userProblem: undefined },
        }),
      checkPorts: () => Promise.resolve(),
      makeUpName: () => `calm-otter-${String((names += 1))}`,
    });
    /** As `kill -9`: nothing of it reaches the host any more. */
    const die = () => {
      life.dead = true;
    };
    return { machines, running, records, die };
  };
  let names = 0;
  const isOnHost = (dir: string) =>
    !dir.startsWith('/vms/') || [...directories.paths].some((path) => dir.startsWith(`${path}/`));

  return {
    archives: createFakeImageArchives(),
    ...{ clock, directories, disks, images, kernels, blobs, bundles, host, guests, events },
    ...{ bridgeHost, nameServers, kvmFailures, builds: createFakeBuilds({ images }) },
    ...{ templates, saved, hostKeys, pins, pressure, behaviour, daemon },
    /** Everything of VMs that is on the host now; templates are not, and a VM's directory takes with it what is in it */
    left: () => [
      ...directories.paths,
      ...[...disks.disks.keys()].filter((file) => !file.startsWith('/templates/tpl_')),
      ...templates.drafts,
      ...[...saved.dirs.keys()].filter(isOnHost),
      ...hostKeys.keys.keys(),
      ...[...pins.pinned.values()].map(({ name }) => `pin of ${name}`),
      ...host.monitors.keys(),
      ...host.runFiles,
      ...bridgeHost.host.links.keys(),
    ],
  };
}

export interface DaemonTweaks {
  /** `<step>:<phase>`: the daemon dies there; nothing of it reaches the host any more */
  readonly crashAt?: string;
  /** `<step>:<phase>`: the step fails before (`started`) or after (`done`) its work */
  readonly failAt?: string;
  /** How often it fails there; always unless told */
  times?: number;
  /** Of which machines that is said; users' unless told */
  readonly purpose?: VmRecord['purpose'];
  readonly onEvent?: (body: EventBody) => void;
  readonly templates?: boolean;
  readonly fileSync?: FileSync;
  readonly standbys?: number;
}

export function aRequest(change: Partial<CreateVmRequest> = {}): CreateVmRequest {
  return {
    name: 'web',
    image: 'debian-bookworm-slim',
    start: true,
    template: true,
    ephemeral: false,
    publish: [],
    ...change,
  };
}

export function anOperation(
  change: Partial<Operation> = {},
): Operation & { readonly warnings: string[]; readonly stages: Stage[] } {
  const warnings: string[] = [];
  const stages: Stage[] = [];
  return {
    id: newOperationId(),
    signal: new AbortController().signal,
    progress: { stage: (stage) => stages.push(stage), warn: (message) => warnings.push(message) },
    warnings,
    stages,
    ...change,
  };
}
