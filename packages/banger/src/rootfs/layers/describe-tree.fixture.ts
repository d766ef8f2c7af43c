import { createHash } from 'node:crypto';

import type { Directory } from '../file-tree.ts';
import type { LayerModel } from './layer-model.fixture.ts';
import { contentOf, nodesOf } from './layers.fixture.ts';

/** All that can be said of one file, a line each, so that trees from anywhere can be compared. */
export interface Described {
  readonly path: string;
  readonly kind: string;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** undefined: it does not count */
  readonly mtimeNs: bigint | undefined;
  readonly xattrs: ReadonlyMap<string, Buffer> | undefined;
  readonly content: Buffer | undefined;
  readonly target: string | undefined;
  readonly device: string | undefined;
  /** Every path of what has several */
  readonly names: readonly string[];
}

export function lineOf(described: Described): string {
  const { path, kind, mode, uid, gid, mtimeNs, target, device, content, xattrs, names } = described;
  const attributes = [...(xattrs ?? [])].map(([name, value]) => `${name}=${value.toString('hex')}`);
  const hash = content && createHash('sha256').update(content).digest('hex').slice(0, 16);
  const parts = [path, kind, mode.toString(8), uid, gid, mtimeNs, target, device];
  return [
    ...parts.map((part) => (part === undefined ? '-' : String(part))),
    `${String(content?.length ?? '-')}:${hash ?? '-'}`,
    attributes.sort().join(','),
    names.length > 1 ? names.toSorted().join('=') : '',
  ].join(' ');
}

/** Every entry of a merged tree, in order. The time of those in `untimed` does not count. */
export async function describeMerged(
  root: Directory,
  untimed: ReadonlySet<string> = new Set(),
): Promise<string[]> {
  const nodes = nodesOf(root);
  const lines = [...nodes].map(async ([path, node]) => {
    const { mode, uid, gid, mtimeNs, xattrs } = node;
    return lineOf({
      ...{ path, kind: node.kind, mode, uid, gid, xattrs },
      mtimeNs: untimed.has(path) ? undefined : mtimeNs,
      content: node.kind === 'file' ? await contentOf(node) : undefined,
      target: node.kind === 'symlink' ? node.target : undefined,
      device: 'major' in node ? `${String(node.major)}:${String(node.minor)}` : undefined,
      names: [...nodes].filter(([, other]) => other === node).map(([name]) => name),
    });
  });
  return (await Promise.all(lines)).sort();
}

const kinds = {
  file: 'file',
  directory: 'directory',
  link: 'symlink',
  'hard link': 'hard link',
  'character device': 'char',
  'block device': 'block',
  FIFO: 'fifo',
} as const;

/** The same of the plain one. */
export function describeModel(
  model: LayerModel,
  untimed: ReadonlySet<string> = new Set(),
): string[] {
  const lines = [...model.files].map(([path, file]) => {
    const { kind = 'file', mode = 0o644, uid = 0, gid = 0, content = '' } = file.entry;
    const { mtimeNs = 1_600_000_000_000_000_000n, xattrs, linkName, device } = file.entry;
    return lineOf({
      ...{ path, kind: kinds[kind], uid, gid, xattrs },
      mode: kind === 'link' ? 0o777 : mode,
      mtimeNs: untimed.has(path) ? undefined : mtimeNs,
      content: kind === 'file' ? Buffer.from(content, 'latin1') : undefined,
      target: kind === 'link' ? linkName : undefined,
      device: device && `${String(device.major)}:${String(device.minor)}`,
      names: [...model.files].filter(([, other]) => other === file).map(([name]) => name),
    });
  });
  return lines.sort();
}
