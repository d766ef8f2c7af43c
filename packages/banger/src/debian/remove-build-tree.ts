import type { RemoveTree } from '../artifact/work-dirs.ts';
import { removePlainTree } from '../artifact/work-dirs.ts';
import type { SandboxHost } from './sandbox.ts';
import { createSandbox } from './sandbox.ts';
import { requireTools } from './host-tools.ts';

/** Removes the remains of a build. A normal user's hold files of subordinate ids, which only the sandbox may remove. */
export function createBuildTreeRemoval(
  host: SandboxHost,
  env: Readonly<Record<string, string>>,
): RemoveTree {
  if (host.uid === 0) return removePlainTree;
  return async (path, signal) => {
    try {
      await removePlainTree(path);
    } catch {
      const { rm } = await requireTools(host.processes, ['rm']);
      const sandbox = await createSandbox(host);
      const command = sandbox.wrap([rm, '-rf', '--', path]);
      const { exitCode, stderr } = await host.processes.run(command, { signal, env });
      if (exitCode !== 0) throw new Error(`Cannot remove "${path}": ${stderr.trim()}`);
    }
  };
}
