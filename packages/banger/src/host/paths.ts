import { join } from 'node:path';

import { daemonSocket, runtimeDir, type RuntimeEnvironment } from '@banger/protocol/runtime-dir';

/**
 * Every directory and file of one banger, from the environment alone (XDG base directory specification 0.8).
 * Another `XDG_*` set is another, isolated banger. docs/state-on-disk.md lists what is inside.
 */
export interface BangerPaths {
  readonly configFile: string;
  readonly stateDir: string;
  readonly cacheDir: string;
  /** Parts of images, by their digests; may be thrown away */
  readonly blobs: string;
  /** What steps of builds made, by what they were made from */
  readonly buildSteps: string;
  readonly runtimeDir: string;
  readonly socket: string;
  readonly database: string;
  readonly lockFile: string;
  readonly logFile: string;
  readonly vms: string;
  readonly images: string;
  readonly kernels: string;
  readonly initrds: string;
  readonly templates: string;
  /** Root's alone: where Firecracker is jailed */
  readonly jails: string;
  readonly ssh: {
    readonly dir: string;
    /** Included by the user's own, or given to ssh */
    readonly config: string;
    readonly knownHosts: string;
    /** Unless configuration names another one */
    readonly userKey: string;
  };
  /** Work in progress of builds; whatever is in it at daemon start is removed */
  readonly builds: string;
  /** Last good copies of catalogs */
  readonly catalogs: string;
}

export function bangerPaths(environment: RuntimeEnvironment): BangerPaths {
  const { env } = environment;
  const home = env['HOME'] ?? '/';
  const base = (name: string, fallback: string) => {
    const set = env[name];
    return join(set?.startsWith('/') === true ? set : join(home, fallback), 'banger');
  };
  const cacheDir = base('XDG_CACHE_HOME', '.cache');
  const stateDir = base('XDG_STATE_HOME', '.local/state');
  return {
    configFile: join(base('XDG_CONFIG_HOME', '.config'), 'config.toml'),
    stateDir,
    cacheDir,
    runtimeDir: runtimeDir(environment),
    socket: daemonSocket(environment),
    database: join(stateDir, 'banger.db'),
    lockFile: join(stateDir, 'daemon.lock'),
    logFile: join(stateDir, 'logs', 'bangerd.log'),
    vms: join(stateDir, 'vms'),
    images: join(stateDir, 'images'),
    kernels: join(stateDir, 'kernels'),
    initrds: join(stateDir, 'initrds'),
    templates: join(stateDir, 'templates'),
    jails: join(stateDir, 'jails'),
    ssh: {
      dir: join(stateDir, 'ssh'),
      config: join(stateDir, 'ssh', 'config'),
      knownHosts: join(stateDir, 'ssh', 'known_hosts'),
      userKey: join(stateDir, 'ssh', 'id_ed25519'),
    },
    builds: join(stateDir, 'builds'),
    blobs: join(cacheDir, 'blobs'),
    buildSteps: join(cacheDir, 'build-steps'),
    catalogs: join(cacheDir, 'catalogs'),
  };
}
