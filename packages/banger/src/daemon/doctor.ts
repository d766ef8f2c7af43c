import type { DoctorRow } from '@banger/protocol/doctor';

import type { ConfigValues } from '../host/config-keys.ts';
import type { HostFacts } from '../host/host-facts.ts';
import type { Images } from '../image/images.ts';
import type { Kernels } from '../kernel/kernels.ts';
import { acceleratorRow, type AcceleratorView } from './doctor-accelerator.ts';
import { jailRows, type JailsView } from './doctor-jails.ts';
import { vmmRows, type VmmsView } from './doctor-vmms.ts';
import { namesRows, type NamesView } from './doctor-names.ts';
import { networkRows, type NetworksView } from './doctor-networks.ts';
import { formatMib } from '@banger/protocol/size';

export interface DoctorDeps {
  readonly facts: (signal: AbortSignal) => Promise<HostFacts>;
  readonly accelerator: () => Promise<AcceleratorView>;
  readonly vmms: (signal: AbortSignal) => Promise<VmmsView>;
  /** undefined: there is no Firecracker */
  readonly jails: (signal: AbortSignal) => Promise<JailsView | undefined>;
  readonly images: Images;
  readonly kernels: Kernels;
  readonly config: ConfigValues;
  readonly networks: (signal: AbortSignal) => Promise<NetworksView>;
  readonly names: () => Promise<NamesView>;
  /** What a VM gets when nobody says anything, with where it comes from */
  readonly vmDefaults: () => Promise<readonly string[]>;
}

/** Real probes, one row each; nothing is changed. */
export async function runDoctor(deps: DoctorDeps, signal: AbortSignal): Promise<DoctorRow[]> {
  const [facts, accelerator, vmms, networks, defaults] = await Promise.all([
    deps.facts(signal),
    deps.accelerator(),
    deps.vmms(signal),
    deps.networks(signal),
    deps.vmDefaults(),
  ]);
  return [
    architectureRow(facts),
    acceleratorRow(accelerator),
    ...vmmRows(vmms),
    ...jailRows(await deps.jails(signal)),
    ...facts.tools.map(toolRow),
    userNamespacesRow(facts),
    ...networkRows(networks),
    ...namesRows(await deps.names()),
    debianRow(facts),
    spaceRow(facts),
    reflinkRow(facts),
    await imageRow(deps),
    await kernelRow(deps),
    { name: 'vm defaults', status: 'PASS', detail: defaults.join(', ') },
  ];
}

function architectureRow({ architecture }: HostFacts): DoctorRow {
  const supported = architecture === 'x64';
  return {
    name: 'architecture',
    status: supported ? 'PASS' : 'FAIL',
    detail: supported ? 'x86_64' : `${architecture}: images and kernels are made for x86_64 only`,
    ...(supported ? {} : { fix: 'Run banger on an x86_64 machine' }),
  };
}

function toolRow({ program, path, needed, fix }: HostFacts['tools'][number]): DoctorRow {
  if (path !== undefined) return { name: program, status: 'PASS', detail: path };
  return { name: program, status: 'FAIL', detail: `not installed; needed ${needed}`, fix };
}

function userNamespacesRow({ isRoot, userNamespaces }: HostFacts): DoctorRow {
  const name = 'user namespaces';
  if (isRoot) return { name, status: 'PASS', detail: 'not needed: this is root' };
  if (userNamespaces.usable)
    return { name, status: 'PASS', detail: 'usable, with subordinate ids' };
  return { name, status: 'FAIL', detail: userNamespaces.why, fix: userNamespaces.fix };
}

function debianRow({ debianSources }: HostFacts): DoctorRow {
  if (debianSources.length > 0) {
    return {
      name: 'debian archive',
      status: 'PASS',
      detail: `${String(debianSources.length)} sources for bookworm`,
    };
  }
  return {
    name: 'debian archive',
    status: 'WARN',
    detail: 'the host’s apt knows no Debian repository, so images and kernels cannot be made',
    fix: 'echo \'debian_mirror = "URL of a mirror of Debian"\' >> ~/.config/banger/config.toml',
  };
}

const LOW_SPACE_MIB = 5 * 1024;

function spaceRow({ stateDir, freeMib }: HostFacts): DoctorRow {
  const detail = `${formatMib(freeMib)} free under ${stateDir}`;
  if (freeMib >= LOW_SPACE_MIB) return { name: 'disk space', status: 'PASS', detail };
  return {
    name: 'disk space',
    status: freeMib < 512 ? 'FAIL' : 'WARN',
    detail: `only ${detail}; the default image and its making take about 5G`,
    fix: 'banger vm prune',
  };
}

function reflinkRow({ reflinks }: HostFacts): DoctorRow {
  const detail = reflinks
    ? 'supported: copies share their blocks'
    : 'not supported here: copies are sparse';
  return { name: 'reflinks', status: 'PASS', detail };
}

async function imageRow({ images, config }: DoctorDeps): Promise<DoctorRow> {
  const name = config.default_image;
  const stored = await images.find(name);
  if (stored !== undefined)
    return { name: 'default image', status: 'PASS', detail: `${name} (${stored.id})` };
  return notPulled('default image', name, `banger image pull ${name}`);
}

async function kernelRow({ kernels, config }: DoctorDeps): Promise<DoctorRow> {
  const name = config.default_kernel;
  const stored = await kernels.find(name);
  if (stored !== undefined)
    return { name: 'default kernel', status: 'PASS', detail: `${name} (${stored.release})` };
  return notPulled('default kernel', name, `banger kernel pull ${name}`);
}

function notPulled(row: string, name: string, fix: string): DoctorRow {
  return {
    name: row,
    status: 'WARN',
    detail: `${name} is not here yet; the first run makes it`,
    fix,
  };
}
