import { readFile } from 'node:fs/promises';

/** Whether the network namespace of this process has a link of that name; no other program is started for it (proc_net(5)). */
export async function hasLink(name: string): Promise<boolean> {
  const devices = await readFile('/proc/self/net/dev', 'utf8');
  return devices.split('\n').some((line) => line.trimStart().startsWith(`${name}:`));
}
