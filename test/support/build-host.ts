import { join } from 'node:path';

import { composeAdapters } from '../../packages/banger/src/daemon/compose-adapters.ts';
import { composeCells } from '../../packages/banger/src/daemon/compose-cells.ts';
import { composeMachines } from '../../packages/banger/src/daemon/compose-machines.ts';
import { readConfig } from '../../packages/banger/src/host/config.ts';
import { ensureOwnDirectory } from '../../packages/banger/src/host/own-directory.ts';
import { bangerPaths } from '../../packages/banger/src/host/paths.ts';
import type {
  BuildMachines,
  BuildStep,
} from '../../packages/banger/src/image/build/build-machine.ts';
import { openDatabase } from '../../packages/banger/src/store/database.ts';
import { lockStateDir } from '../../packages/banger/src/store/lock.ts';
import { repositoryRoot } from './repository.ts';

export interface BuildHost extends AsyncDisposable {
  readonly machines: BuildMachines;
  /** Read-only ext4 of a stored image */
  rootDisk(image: string): Promise<string>;
}

/** The machines of builds as a daemon has them, in this process, in a home whose daemon does not run. */
export async function openBuildHost(
  env: Readonly<Record<string, string | undefined>>,
): Promise<BuildHost> {
  await using cleanup = new AsyncDisposableStack();
  const uid = process.getuid?.() ?? 0;
  const paths = bangerPaths({ env, uid });
  const config = await readConfig(paths.configFile, env);
  for (const dir of [paths.stateDir, paths.runtimeDir, paths.vms, paths.builds, paths.ssh.dir]) {
    await ensureOwnDirectory(dir, uid);
  }
  cleanup.use(lockStateDir(paths.lockFile));
  const db = cleanup.use(openDatabase(paths.database));
  const adapters = composeAdapters({
    ...{
      db,
      paths,
      config: config.values,
      catalogUrls: [],
      registries: [],
      env,
      uid,
      path: env['PATH'],
    },
    cells: await composeCells({ config: config.values, paths, uid }),
    agentBinary: join(repositoryRoot, 'dist/banger-agent'),
    program: join(repositoryRoot, 'bin/banger'),
  });
  cleanup.use(adapters.templates);
  const emit = () => undefined;
  const { machines } = composeMachines({ adapters, config, paths, crashAt: undefined, emit });
  cleanup.defer(() => machines.close());
  await machines.open();
  const owned = cleanup.move();
  return {
    machines: machines.builds,
    async rootDisk(image) {
      const stored = await adapters.images.find(image);
      if (stored === undefined) throw new Error(`${image} is not in the store`);
      return stored.rootDisk;
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}

/** A command as root in `/`, in a small machine. */
export function aStep(
  baseDisk: string,
  argv: readonly string[],
  change: Partial<BuildStep> = {},
): BuildStep {
  const where = { user: '', workingDir: '/', memoryMib: 256, onOutput: () => undefined };
  return { baseDisk, deltaDisk: undefined, argv, env: {}, ...where, ...change };
}
