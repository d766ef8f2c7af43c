import { execFileSync } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync, readlinkSync, type BigIntStats } from 'node:fs';

import { pathOf } from '../../packages/sdk/src/tar/byte-name.ts';
import {
  lineOf,
  type Described,
} from '../../packages/banger/src/rootfs/layers/describe-tree.fixture.ts';

/**
 * Every file below a directory of several trees, as `describeMerged` tells them: a function from a tree's name.
 * Attributes are read once for all, because each read is a process.
 */
export function describeFiles(
  dir: string,
): (tree: string, untimed?: ReadonlySet<string>) => string[] {
  const xattrs = xattrsBelow(dir);
  return (tree, untimed = new Set()) => {
    const top = `${dir}/${tree}`;
    const stats = new Map(statsBelow(top, ''));
    const names = new Map<bigint, string[]>();
    for (const [path, { ino }] of stats) names.set(ino, [...(names.get(ino) ?? []), path]);
    return [...stats]
      .map(([path, stat]) => {
        const { mode, uid, gid, ino, mtimeNs } = stat;
        const kind = kindOf(stat);
        return lineOf({
          ...{ path, kind, mode: Number(mode) & 0o7777, uid: Number(uid), gid: Number(gid) },
          mtimeNs: untimed.has(path) ? undefined : mtimeNs,
          xattrs: xattrs.get(join(tree, path)),
          content: kind === 'file' ? readFileSync(pathOf(join(top, path))) : undefined,
          target: kind === 'symlink' ? readlinkSync(pathOf(join(top, path)), 'latin1') : undefined,
          device: kind === 'char' || kind === 'block' ? deviceOf(stat) : undefined,
          names: kind === 'directory' ? [path] : (names.get(ino) ?? []),
        });
      })
      .sort();
  };
}

/** By path below the top. Node's own recursion goes through links. */
function statsBelow(top: string, path: string): [string, BigIntStats][] {
  const stat = lstatSync(pathOf(join(top, path)), { bigint: true });
  const names = stat.isDirectory() ? readdirSync(pathOf(join(top, path)), 'latin1') : [];
  return [[path, stat], ...names.flatMap((name) => statsBelow(top, join(path, name)))];
}

function join(dir: string, path: string): string {
  return [dir, path].filter((part) => part !== '').join('/');
}

function kindOf(stat: BigIntStats): Described['kind'] {
  if (stat.isFile()) return 'file';
  if (stat.isDirectory()) return 'directory';
  if (stat.isSymbolicLink()) return 'symlink';
  if (stat.isBlockDevice()) return 'block';
  return stat.isCharacterDevice() ? 'char' : 'fifo';
}

/** As makedev(3) puts the numbers together. */
function deviceOf({ rdev }: BigIntStats): string {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & ~0xfffn);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & ~0xffn);
  return `${String(major)}:${String(minor)}`;
}

function xattrsBelow(dir: string): Map<string, Map<string, Buffer>> {
  const args = ['-R', '-P', '-h', '-d', '-m', '-', '-e', 'hex', '.'];
  const output = execFileSync('getfattr', args, { cwd: dir, maxBuffer: 2 ** 30 }).toString();
  const found = new Map<string, Map<string, Buffer>>();
  for (const block of output.split('\n\n')) {
    const [head = '', ...lines] = block.trim().split('\n');
    const values = lines.map((line): [string, Buffer] => {
      const [name = '', hex = '0x'] = line.split('=');
      return [name, Buffer.from(hex.slice(2), 'hex')];
    });
    found.set(head.replace('# file: ', '').replace(/^\.\//, ''), new Map(values));
  }
  return found;
}
