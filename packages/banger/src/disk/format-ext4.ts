import { requireTools } from '../debian/host-tools.ts';
import type { Command, Processes } from '../host/processes.ts';

export interface Format {
  /** Sparse, and all zeros */
  readonly file: string;
  readonly label: string;
  readonly signal: AbortSignal;
}

/** Puts an empty file system into a file; resolves with what mkfs.ext4 said when it failed. */
export type Formatter = (format: Format) => Promise<string | undefined>;

/**
 * As little as possible is written. e2fsprogs 1.47 can be told that the file is zeros; before that, the tables of
 * inodes are left to the guest, whose kernel writes them in the background (`noinit_itable` stops it).
 */
const PREZEROED = 'assume_storage_prezeroed=1';
const OPTIONS = 'nodiscard,lazy_itable_init=1,lazy_journal_init=1,root_owner=0:0';

export function createFormatter(host: {
  readonly processes: Processes;
  readonly env: Readonly<Record<string, string>>;
}): Formatter {
  const { processes, env } = host;
  let knowsPrezeroed = true;
  return async ({ file, label, signal }) => {
    const { 'mkfs.ext4': mkfs } = await requireTools(processes, ['mkfs.ext4']);
    const attempt = async (options: string): Promise<string | undefined> => {
      const basics = ['-q', '-F', '-b', '4096', '-m', '0', '-J', 'size=32', '-L', label];
      const command: Command = [mkfs, ...basics, '-E', options, file];
      const { exitCode, stderr } = await processes.run(command, { signal, env });
      return exitCode === 0 ? undefined : stderr;
    };
    if (!knowsPrezeroed) return attempt(OPTIONS);
    const failed = await attempt(`${OPTIONS},${PREZEROED}`);
    if (failed === undefined || !/Bad option.*extended|Extended options/is.test(failed))
      return failed;
    knowsPrezeroed = false;
    return attempt(OPTIONS);
  };
}
