import { BangerError } from '@banger/protocol/errors';

import type { Processes } from '../host/processes.ts';

/** Every helper program that making images and kernels needs, and the Debian package that has it. */
const PACKAGES = {
  'apt-cache': 'apt',
  'apt-config': 'apt',
  'apt-get': 'apt',
  cp: 'coreutils',
  depmod: 'kmod',
  'dpkg-deb': 'dpkg',
  filefrag: 'e2fsprogs',
  'mkfs.ext4': 'e2fsprogs',
  mmdebstrap: 'mmdebstrap',
  newuidmap: 'uidmap',
  rm: 'coreutils',
  setpriv: 'util-linux',
  tar: 'tar',
  unshare: 'util-linux',
} as const;

export type HostTool = keyof typeof PACKAGES;

/** Where a normal user's PATH does not look, though everybody may run what is there. */
const SYSTEM_DIRS = ['/usr/sbin', '/sbin'];

/** Absolute paths of these programs, or `host.tool_missing` that names all missing ones at once. */
export async function requireTools<const Tool extends HostTool>(
  processes: Processes,
  tools: readonly Tool[],
): Promise<Readonly<Record<Tool, string>>> {
  const found = await Promise.all(
    tools.map(async (tool) => [tool, await findTool(processes, tool)] as const),
  );
  const missing = found.filter(([, path]) => path === undefined).map(([tool]) => tool);
  if (missing.length > 0) throw toolsMissing(missing);
  // Every key is there, and none is undefined, as has just been checked.
  return Object.fromEntries(found) as Readonly<Record<Tool, string>>;
}

async function findTool(processes: Processes, tool: HostTool): Promise<string | undefined> {
  for (const candidate of [tool, ...SYSTEM_DIRS.map((dir) => `${dir}/${tool}`)]) {
    const path = await processes.find(candidate);
    if (path !== undefined) return path;
  }
  return undefined;
}

function toolsMissing(tools: readonly HostTool[]): BangerError {
  const packages = [...new Set(tools.map((tool) => PACKAGES[tool]))].toSorted();
  const names = tools.map((tool) => `"${tool}"`).join(', ');
  return new BangerError(
    'host.tool_missing',
    `Cannot run ${names}: ${tools.length > 1 ? 'they are' : 'it is'} not installed`,
    {
      hint: `sudo apt-get install ${packages.join(' ')}`,
      details: { tools, packages },
    },
  );
}
