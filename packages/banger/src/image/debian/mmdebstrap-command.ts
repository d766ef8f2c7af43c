import { join } from 'node:path';

import type { Command } from '../../host/processes.ts';

export interface MmdebstrapInput {
  readonly mmdebstrap: string;
  readonly suite: string;
  readonly packages: readonly string[];
  /** Lines of apt.conf(5) */
  readonly aptOptions: readonly string[];
  readonly tree: string;
  /** A file, so that no mirror's address is ever an option */
  readonly sourcesFile: string;
}

/** Makes a Debian tree in a directory, and fits it for a VM as its last step. To be run in a sandbox. */
export function mmdebstrapCommand(input: MmdebstrapInput): Command {
  const { mmdebstrap, suite, packages, aptOptions, tree, sourcesFile } = input;
  return [
    mmdebstrap,
    '--mode=root', // Of the sandbox.
    '--format=directory',
    '--variant=apt',
    '--architectures=amd64',
    '--skip=chroot/mount/sys', // A user namespace may not mount it, and no package asks for it.
    `--include=${packages.join(',')}`,
    ...aptOptions.map((option) => `--aptopt=${option}`),
    `--extract-hook=${join(import.meta.dirname, 'configure-dpkg.sh')}`,
    `--customize-hook=${join(import.meta.dirname, 'customize-root.sh')}`,
    suite,
    tree,
    sourcesFile,
  ];
}
