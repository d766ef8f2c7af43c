import type { DatabaseSync } from 'node:sqlite';

import { createBundles, type Bundles } from '../bundle/bundles.ts';
import { createCatalogs } from '../catalog/create-catalogs.ts';
import { buildEnv } from '../debian/build-env.ts';
import { createHostArchive } from '../debian/host-archive.ts';
import { createDisks } from '../disk/create-disks.ts';
import type { Disks } from '../disk/disks.ts';
import { createGuestConnector } from '../guest/guest-connector.ts';
import type { GuestConnector } from '../guest/guest.ts';
import { createHelperConnection, type HelperConnection } from '../helper/helper-connection.ts';
import { HELPER_SOCKET } from '../helper/helper-settings.ts';
import type { Clock } from '../host/clock.ts';
import type { ConfigValues } from '../host/config-keys.ts';
import type { Listeners } from '../host/listeners.ts';
import type { BangerPaths } from '../host/paths.ts';
import type { MemoryPressure } from '../host/pressure.ts';
import type { RegistrySettings } from '../host/registry-config.ts';
import { createGitUser, type GitUser } from '../host/git-identity.ts';
import { hostBootId } from '../host/proc-identity.ts';
import type { Processes } from '../host/processes.ts';
import { createSystemClock } from '../host/system-clock.ts';
import { createSystemListeners } from '../host/system-listeners.ts';
import { createSystemPressure } from '../host/system-pressure.ts';
import { createSystemProcesses } from '../host/system-processes.ts';
import { createImageArchives } from '../image/archive/create-image-archives.ts';
import type { ImageArchives } from '../image/archive/image-archives.ts';
import { createOciHost } from '../image/create-oci-host.ts';
import { createImages } from '../image/create-images.ts';
import type { Images } from '../image/images.ts';
import type { BlobCache } from '../image/oci/blob-cache.ts';
import { createBlobCache } from '../image/oci/create-blob-cache.ts';
import { createKernels } from '../kernel/create-kernels.ts';
import { createRootDisks } from '../rootfs/create-root-disks.ts';
import type { RootDisks } from '../rootfs/root-disks.ts';
import type { Kernels } from '../kernel/kernels.ts';
import { createSavedStates } from '../saved/create-saved-states.ts';
import type { SavedStates } from '../saved/saved-states.ts';
import { createHostKeys } from '../ssh/create-host-keys.ts';
import { createPins } from '../ssh/create-pins.ts';
import { createGivenUserKey, createOwnUserKey } from '../ssh/create-user-key.ts';
import type { HostKeys } from '../ssh/host-keys.ts';
import type { Pins } from '../ssh/pins.ts';
import { createSshClientFiles, type SshClientFiles } from '../ssh/ssh-client-files.ts';
import type { UserKey } from '../ssh/user-key.ts';
import { createFactsTable, type Facts } from '../store/facts-table.ts';
import type { ComposedCells } from './compose-cells.ts';
import { composeNetworks, type Networks } from './compose-networks.ts';
import { composeOwnNetwork, type OwnNetworkProbe } from './compose-own-network.ts';
import { createTemplates, type TemplateStore } from '../template/create-templates.ts';
import {
  chooseAccelerator,
  type AcceleratorChoice,
  type AcceleratorFacts,
} from '../vmm/accelerator.ts';
import { probeAccelerator } from '../vmm/probe-accelerator.ts';
import { composeDrivers, type Drivers } from './compose-drivers.ts';

/** The real parts behind every port, for one banger. */
export interface Adapters {
  readonly db: DatabaseSync;
  readonly clock: Clock;
  readonly processes: Processes;
  readonly facts: Facts;
  readonly disks: Disks;
  readonly images: Images;
  readonly archives: ImageArchives;
  readonly bundles: Bundles;
  readonly blobs: BlobCache;
  readonly rootDisks: RootDisks;
  readonly kernels: Kernels;
  readonly connector: GuestConnector;
  readonly drivers: Drivers;
  readonly cells: ComposedCells;
  readonly hostKeys: HostKeys;
  readonly pins: Pins;
  readonly userKey: UserKey;
  readonly gitUser: GitUser;
  readonly sshClient: SshClientFiles;
  readonly saved: SavedStates;
  readonly templates: TemplateStore;
  readonly pressure: MemoryPressure;
  readonly listeners: Listeners;
  readonly networks: Networks;
  /** Made when it is first asked for something */
  readonly helper: HelperConnection;
  readonly ownNetwork: OwnNetworkProbe;
  readonly accelerator: () => Promise<AcceleratorProbe>;
  /** Repositories that images would be made from, for people */
  readonly debianSources: (signal: AbortSignal) => Promise<readonly string[]>;
}

export interface AcceleratorProbe {
  readonly facts: AcceleratorFacts;
  choose(wanted: 'auto' | 'kvm' | 'tcg'): AcceleratorChoice;
}

export interface AdapterOptions {
  readonly db: DatabaseSync;
  readonly paths: BangerPaths;
  readonly config: ConfigValues;
  /** Of the configuration */
  readonly catalogUrls: readonly string[];
  /** `[[registry]]` of the configuration */
  readonly registries: readonly RegistrySettings[];
  readonly agentBinary: string;
  /** The daemon's PATH */
  readonly path: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
  /** The command line's program, for ssh to call */
  readonly program: string;
  readonly cells: ComposedCells;
}

/** Picks the real thing for every port. Nothing is touched yet. */
export function composeAdapters({
  db,
  paths,
  config,
  catalogUrls,
  registries,
  agentBinary,
  path,
  env,
  uid,
  program,
  cells,
}: AdapterOptions): Adapters {
  const clock = createSystemClock();
  const processes = createSystemProcesses();
  const facts = createFactsTable(db);
  const helper = createHelperConnection(HELPER_SOCKET);
  const mirrors = {
    debianMirror: config.debian_mirror,
    debianSecurityMirror: config.debian_security_mirror,
  };
  const blobs = createBlobCache(paths.blobs);
  const catalogs = createCatalogs({ urls: catalogUrls, cacheDir: paths.catalogs, clock });
  const rootDisks = createRootDisks();
  const oci = createOciHost({ blobs, rootDisks, clock, processes, env, registries });
  const shared = { paths, processes, path, blobs, rootDisks, ...mirrors };
  const images = createImages({ ...shared, clock, oci, catalog: catalogs.images, uid });
  const kernels = createKernels({
    ...{ ...shared, clock, catalog: catalogs.kernels },
    agentFile: agentBinary,
  });
  const archive = createHostArchive({ processes, env: buildEnv(path), ...mirrors });
  const hostKeys = createHostKeys();
  const userKey =
    config.ssh_key_path === undefined
      ? createOwnUserKey(paths.ssh.userKey, hostKeys)
      : createGivenUserKey(config.ssh_key_path.replace(/^~(?=\/)/, env['HOME'] ?? ''));
  return {
    db,
    clock,
    processes,
    facts,
    blobs,
    rootDisks,
    images,
    archives: createImageArchives(oci),
    bundles: createBundles(),
    kernels,
    disks: createDisks({ processes, path }),
    connector: createGuestConnector({ clock }),
    hostKeys,
    userKey,
    gitUser: createGitUser({ processes, env }),
    pins: createPins(paths.ssh.knownHosts),
    sshClient: createSshClientFiles({
      configFile: paths.ssh.config,
      knownHostsFile: paths.ssh.knownHosts,
      userKey,
      program,
      socket: paths.socket,
    }),
    saved: createSavedStates(),
    templates: createTemplates({
      dir: paths.templates,
      clock,
      processes,
      path,
      bootId: hostBootId(),
    }),
    pressure: createSystemPressure(),
    listeners: createSystemListeners(),
    helper,
    networks: composeNetworks({
      config,
      paths,
      uid,
      processes,
      helper,
      tapUserOf: cells.tapUserOf,
    }),
    ownNetwork: composeOwnNetwork(processes),
    drivers: composeDrivers({ config, processes, clock, ...cells }),
    cells,
    async debianSources(signal) {
      const sources = await archive.sources('bookworm', signal);
      return sources.map(({ uri, suite }) => `${uri} ${suite}`);
    },
    async accelerator() {
      const failedBefore = facts.get('kvm-failed') !== undefined;
      const found: AcceleratorFacts = { ...(await probeAccelerator()), failedBefore };
      return { facts: found, choose: (wanted) => chooseAccelerator(wanted, found) };
    },
  };
}
