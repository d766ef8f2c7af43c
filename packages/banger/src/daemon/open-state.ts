import type { RuntimeEnvironment } from '@banger/protocol/runtime-dir';

import { readConfig, type Config } from '../host/config.ts';
import { ensureOwnDirectory } from '../host/own-directory.ts';
import { bangerPaths, type BangerPaths } from '../host/paths.ts';

export interface OpenState {
  readonly paths: BangerPaths;
  readonly config: Config;
}

/** Nothing is shared yet: a daemon that fails here has left nothing but directories. */
export async function openState({ env, uid }: RuntimeEnvironment): Promise<OpenState> {
  const paths = bangerPaths({ env, uid });
  const config = await readConfig(paths.configFile, env);
  const { stateDir, runtimeDir, vms, builds, ssh } = paths;
  for (const dir of [stateDir, runtimeDir, vms, builds, ssh.dir]) {
    await ensureOwnDirectory(dir, uid);
  }
  return { paths, config };
}
