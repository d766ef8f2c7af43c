import type { ConfigValue } from '@banger/protocol/doctor';

import type { Config } from '../host/config.ts';
import { readHostFacts } from '../host/host-facts.ts';
import { findResolver } from '../host/find-resolver.ts';
import { hostSize } from '../host/host-size.ts';
import type { BangerPaths } from '../host/paths.ts';
import { defaultMemoryMib, defaultVcpu } from '../machine/spec.ts';
import type { Adapters } from './compose-adapters.ts';
import type { Names } from './compose-dns.ts';
import type { KeptBridge } from './compose-networks.ts';
import type { AcceleratorView } from './doctor-accelerator.ts';
import type { NetworksView } from './doctor-networks.ts';
import { runDoctor } from './doctor.ts';
import type { HostHandlerDeps } from './handlers-host.ts';
import { vmDefaultTexts } from './vm-default-texts.ts';

export interface DoctorParts {
  readonly names: Names;
  readonly adapters: Adapters;
  readonly paths: BangerPaths;
  readonly config: Config;
  readonly bridge: Pick<KeptBridge, 'pool'>;
}

/** `doctor` and `config show`: what the host is like and what that makes of the configuration. */
export function composeDoctor(
  parts: DoctorParts,
): Pick<HostHandlerDeps, 'doctor' | 'effectiveConfig'> {
  const { adapters, paths, config } = parts;
  const effectiveConfig = () => withHostValues(config, paths);
  return {
    effectiveConfig,
    doctor: (signal) =>
      runDoctor(
        {
          facts: (until) =>
            readHostFacts(
              {
                processes: adapters.processes,
                stateDir: paths.stateDir,
                debianSources: adapters.debianSources,
              },
              until,
            ),
          accelerator: () => acceleratorView(parts),
          names: async () => ({
            status: parts.names.status,
            resolves: await parts.names.resolve(),
            resolver: await findResolver(),
            trouble: parts.names.trouble,
          }),
          networks: async (until) => ({
            wanted: config.values.network,
            bridge: adapters.networks.bridge,
            problems: await adapters.networks.modes.bridge.problems(until),
            rules: await adapters.networks.rules(until),
            pool: { ...parts.bridge.pool, size: config.values.tap_pool_size },
            firecracker: await firecrackersNetwork(adapters, until),
          }),
          jails: (until) => adapters.cells.view(until),
          vmms: async (until) => ({
            qemu: await adapters.drivers.qemu.probe(until),
            firecracker: await adapters.drivers.firecracker.probe(until),
            wanted: config.values.vmm,
          }),
          images: adapters.images,
          kernels: adapters.kernels,
          config: config.values,
          vmDefaults: async () => vmDefaultTexts(await effectiveConfig()),
        },
        signal,
      ),
  };
}

async function firecrackersNetwork(
  { drivers, ownNetwork }: Pick<Adapters, 'drivers' | 'ownNetwork'>,
  signal: AbortSignal,
): Promise<NetworksView['firecracker']> {
  const { problems } = await drivers.firecracker.probe(signal);
  return problems.length > 0 ? undefined : { problem: await ownNetwork.problem(signal) };
}

/** What is found on the host in place of a value that nobody set. */
async function withHostValues(config: Config, paths: BangerPaths): Promise<ConfigValue[]> {
  const host = await hostSize(paths.stateDir);
  const found: Readonly<Record<string, unknown>> = {
    'vm_defaults.vcpu': defaultVcpu(host),
    'vm_defaults.memory': defaultMemoryMib(host),
    ssh_key_path: paths.ssh.userKey,
    qemu_bin: 'qemu-system-x86_64 in PATH',
    firecracker_bin: 'firecracker in PATH',
    jailer_bin: 'jailer in PATH',
    debian_mirror: "the host's apt sources",
    debian_security_mirror: "the host's apt sources",
  };
  return config.effective.map((value) =>
    value.origin === 'host' ? { ...value, value: found[value.key] ?? null } : value,
  );
}

async function acceleratorView({ adapters, config }: DoctorParts): Promise<AcceleratorView> {
  const accelerator = await adapters.accelerator();
  const { facts } = accelerator;
  const wanted = config.values.accel === 'kvm' ? 'auto' : config.values.accel;
  const { accel, reason } = accelerator.choose(wanted);
  return {
    chosen: accel,
    reason,
    device: facts.device,
    hardware: facts.hardware,
    failure: adapters.facts.get('kvm-failed'),
  };
}
