import { BangerError } from '@banger/protocol/errors';
import type { Banger, WorkspaceSource } from '@banger/sdk';

import type { Context } from './command.ts';
import { writeAll } from './write-all.ts';

/** Files that mise reads in a project (mise.jdx.dev, Configuration and Tool Versions) */
const CONFIG =
  /^(\.?mise(\.[^/]+)?\.toml|\.?mise\/config\.toml|\.config\/mise\.toml|\.config\/mise\/(config|conf\.d\/[^/]+)\.toml|\.tool-versions)$/;

const NO_MISE = 90;

/** Installers that put it into the user's home do not change the PATH of a command */
const FIND = 'PATH="$PATH:$HOME/.local/bin:/usr/local/bin"';
/** Ends with 90 when there is no mise */
export const INSTALL_SCRIPT = `${FIND}; command -v mise >/dev/null || exit ${String(NO_MISE)}; export MISE_YES=1; mise trust --all && mise install`;

/** Runs a command with the tools that were installed. */
export const WITH_TOOLS = ['/bin/sh', '-c', `${FIND}; exec mise exec -- "$@"`, 'mise'] as const;

/** The file of the checkout that names the tools it needs. */
export function toolsFile({ files }: WorkspaceSource): string | undefined {
  return files.find(({ path }) => CONFIG.test(path))?.path;
}

/** Before a VM is made: without a network no tool can be installed. */
export function refuseWithoutNetwork(file: string, nat: boolean | undefined): void {
  if (nat !== false) return;
  throw new BangerError(
    'usage.invalid',
    `Cannot install the tools of "${file}": with --no-nat the VM has no network`,
    { hint: '--no-bootstrap leaves them out, --nat gives it a network' },
  );
}

/** Has mise install what the VM's workspace needs; its output goes to stderr. Resolves with whether the tools are there. */
export async function bootstrapTools(
  banger: Banger,
  { vm, file }: { readonly vm: string; readonly file: string },
  { out, world, signal }: Pick<Context, 'out' | 'world' | 'signal'>,
): Promise<boolean> {
  const write = (chunk: Uint8Array) => writeAll(world.stderr, chunk);
  out.note(`Installing the tools of ${file}`);
  const sinks = { stdout: write, stderr: write };
  const argv = ['/bin/sh', '-c', INSTALL_SCRIPT];
  await using command = await banger.vms.spawn(vm, argv, { ...sinks, signal });
  const { exitCode } = await command.outcome;
  if (exitCode === 0) return true;
  if (exitCode === NO_MISE) {
    out.warn(
      `the tools of ${file} are not installed: the image has no mise (--no-bootstrap leaves them out)`,
    );
    return false;
  }
  throw new BangerError(
    'workspace.bootstrap_failed',
    `Cannot install the tools of "${file}": mise ended with ${String(exitCode)}`,
    { hint: '--no-bootstrap leaves them out' },
  );
}
