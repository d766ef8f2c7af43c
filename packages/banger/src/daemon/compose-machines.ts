import type { EventBody } from '@banger/protocol/events';
import type { Accelerator, Origin } from '@banger/protocol/vm';
import type { CreateVmRequest } from '@banger/protocol/vm-requests';

import { createSharedWork } from '../artifact/shared-work.ts';
import type { ConfigKey } from '../host/config-keys.ts';
import type { Config } from '../host/config.ts';
import { createFileSync } from '../host/file-sync.ts';
import { hostSize } from '../host/host-size.ts';
import type { BangerPaths } from '../host/paths.ts';
import { createSystemDirectories } from '../host/system-directories.ts';
import { suitsFirecracker, type VmmFacts } from '../machine/choose-vmm.ts';
import { createIdentifier } from '../machine/identify.ts';
import { Machines } from '../machine/machines.ts';
import { RunningVms } from '../machine/running-vms.ts';
import type { SpecContext } from '../machine/spec.ts';
import { checkPorts } from '../network/check-ports.ts';
import { createJournalTable } from '../store/journal-table.ts';
import { createVmsTable } from '../store/vms-table.ts';
import type { Adapters } from './compose-adapters.ts';
import { driverNamed, driverOf } from './compose-drivers.ts';
import { crashPoint } from './crash-point.ts';
import { makeUpName } from './make-up-name.ts';

/** Once for each binary; from then on it is a look at a file. */
const PROBE_MS = 15_000;

export interface MachineParts {
  readonly adapters: Adapters;
  readonly config: Config;
  readonly paths: BangerPaths;
  readonly emit: (body: EventBody, operation: string) => void;
  /** `<step>:<phase>` */
  readonly crashAt: string | undefined;
}

export function composeMachines(parts: MachineParts): { machines: Machines; running: RunningVms } {
  const { adapters, paths, emit } = parts;
  const config = parts.config.values;
  const running = new RunningVms();
  const onJournal = crashPoint(parts.crashAt);
  const records = createVmsTable(adapters.db);
  const machines = new Machines({
    clock: adapters.clock,
    connector: adapters.connector,
    disks: adapters.disks,
    images: adapters.images,
    kernels: adapters.kernels,
    networkOf: ({ network }) => adapters.networks.modes[network.mode],
    bridge: adapters.networks.bridge,
    driverOf: (plan) => driverOf(adapters.drivers, plan),
    directories: createSystemDirectories(),
    records,
    journal: createJournalTable(adapters.db),
    running,
    emit,
    kvmFailed: (why) => adapters.facts.set('kvm-failed', why, adapters.clock.now()),
    ...(onJournal === undefined ? {} : { onJournal }),
    dirs: { vms: paths.vms, runtimeDir: paths.runtimeDir, forks: paths.builds },
    hostKeys: adapters.hostKeys,
    pins: adapters.pins,
    identifier: createIdentifier({ ...adapters, records, bridge: adapters.networks.bridge }),
    fileSync: createFileSync(parts.config.fileSync),
    saved: adapters.saved,
    templates: adapters.templates,
    sharedWork: createSharedWork(),
    pressure: adapters.pressure,
    warmth: {
      isEnabled: config['templates.enabled'],
      maxBytes: config['templates.max_bytes'],
      standbysPerShape: config['templates.standby'],
      sizes: {
        overlayMib: config['vm_defaults.overlay_size'],
        workMib: config['vm_defaults.disk_size'],
      },
    },
    hostSize: () => hostSize(paths.stateDir),
    specContext: (request) => specContext(parts, request),
    makeUpName,
    checkPorts: (publish, publishing) =>
      checkPorts(publish, { listeners: adapters.listeners, publishing }),
  });
  return { machines, running };
}

async function specContext(
  { adapters, config }: MachineParts,
  { vmm = config.values.vmm }: Pick<CreateVmRequest, 'vmm'>,
): Promise<Omit<SpecContext, 'host' | 'madeUpName'>> {
  const accelerator = await adapters.accelerator();
  const signal = AbortSignal.timeout(PROBE_MS);
  const { problems } = await adapters.drivers.firecracker.probe(signal);
  const facts = {
    accelerator: (wanted: 'auto' | Accelerator) => accelerator.choose(wanted).accel,
    firecrackerProblem: problems[0],
  };
  const isFirecrackers =
    facts.firecrackerProblem === undefined &&
    suitsFirecracker({ vmm, accel: 'auto', vcpu: 1 }, facts);
  return {
    ...facts,
    ...(isFirecrackers ? await firecrackersNetworks(adapters, signal) : noNetworks),
    limitsNetwork: (vmm) => driverNamed(adapters.drivers, vmm).features.networkLimits,
    config: config.values,
    originOf: (key) => originOf(config, key),
  };
}

type NetworkFacts = Pick<VmmFacts, 'bridgeWorks' | 'userProblem'>;

/** Of a VM that is not Firecracker's whatever its network is */
const noNetworks: NetworkFacts = { bridgeWorks: false, userProblem: undefined };

/** Programs are run to find it out, so only where it is of any use. */
async function firecrackersNetworks(
  { networks, ownNetwork }: Pick<Adapters, 'networks' | 'ownNetwork'>,
  signal: AbortSignal,
): Promise<NetworkFacts> {
  const [bridgeProblems, userProblem] = await Promise.all([
    networks.modes.bridge.problems(signal),
    ownNetwork.lastingProblem(signal),
  ]);
  return { bridgeWorks: bridgeProblems.length === 0, userProblem };
}

function originOf(config: Config, key: ConfigKey): Origin {
  const origin = config.effective.find((value) => value.key === key)?.origin;
  switch (origin) {
    case 'file':
      return 'config';
    case 'environment':
    case 'host':
      return origin;
    case 'default':
    case undefined:
      return 'built-in';
  }
}
