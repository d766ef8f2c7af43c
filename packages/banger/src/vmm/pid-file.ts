import { readFile, rename, writeFile } from 'node:fs/promises';

import { z } from 'zod';

/** What is written beside the sockets once the monitor is there: enough to find it again and to show it. */
const PidFile = z.object({
  pid: z.int().positive(),
  startTicks: z.int().nonnegative(),
  bootId: z.string(),
  command: z.array(z.string()),
  machine: z.string(),
  version: z.string(),
});
export type PidFile = Readonly<z.infer<typeof PidFile>>;

/** Appears whole or not at all. */
export async function writePidFile(path: string, content: PidFile): Promise<void> {
  const draft = `${path}.new`;
  await writeFile(draft, JSON.stringify(content), { mode: 0o600 });
  await rename(draft, path);
}

/** Undefined when there is none, or it is not one of ours. */
export async function readPidFile(path: string): Promise<PidFile | undefined> {
  try {
    return PidFile.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}
