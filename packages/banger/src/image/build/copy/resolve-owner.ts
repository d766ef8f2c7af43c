import type { Directory } from '../../../rootfs/file-tree.ts';
import { findNode } from '../../../rootfs/resolve-path.ts';
import { DockerfileProblem } from '../dockerfile/problems.ts';
import type { Owner } from './layer-entries.ts';
import { readInOrder } from './read-in-order.ts';

/** Larger ones are no list of users. */
const MAX_LIST_BYTES = 4 * 1024 * 1024;
const LARGEST_ID = 0xfffffffe;

/** `--chown`: `user`, `user:group`, names or numbers. Names are those of the root that is copied into. */
export async function resolveOwner(
  root: Directory,
  chown: string,
  signal: AbortSignal,
): Promise<Owner> {
  const [user = '', group] = chown.split(':');
  const found = await idOf(root, { file: '/etc/passwd', name: user === '' ? '0' : user }, signal);
  if (group === undefined || group === '') return { uid: found.id, gid: found.group ?? found.id };
  const { id: gid } = await idOf(root, { file: '/etc/group', name: group }, signal);
  return { uid: found.id, gid };
}

interface Wanted {
  readonly file: '/etc/passwd' | '/etc/group';
  readonly name: string;
}

/** Lines are `name:password:id:…`; the next field of a user is the group (passwd(5), group(5)). */
async function idOf(
  root: Directory,
  { file, name }: Wanted,
  signal: AbortSignal,
): Promise<{ readonly id: number; readonly group?: number }> {
  if (/^\d+$/.test(name)) {
    const id = Number(name);
    if (id <= LARGEST_ID) return { id };
    throw new DockerfileProblem(`${name} is no id: the largest is ${String(LARGEST_ID)}`);
  }
  for (const line of (await textOf(root, file, signal)).split('\n')) {
    const [found, , id, group] = line.split(':');
    if (found !== name || id === undefined || !/^\d+$/.test(id)) continue;
    const isUser = file === '/etc/passwd' && group !== undefined && /^\d+$/.test(group);
    return isUser ? { id: Number(id), group: Number(group) } : { id: Number(id) };
  }
  const what = file === '/etc/passwd' ? 'user' : 'group';
  throw new DockerfileProblem(`there is no ${what} "${name}" in ${file} of this stage`);
}

async function textOf(root: Directory, path: string, signal: AbortSignal): Promise<string> {
  const node = findNode(root, path);
  if (node?.kind !== 'file' || node.sizeBytes > MAX_LIST_BYTES) return '';
  const chunks: Buffer[] = [];
  for await (const read of readInOrder([node], signal)) {
    for await (const chunk of read.chunks) chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('latin1');
}
