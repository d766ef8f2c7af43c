import type { ByteName, Directory } from './file-tree.ts';
import { resolvePath } from './resolve-path.ts';

/** Where both kinds of distributions have their programs; OpenRC's own name for the older `rc`. */
const OPENRC = ['/sbin/openrc', '/usr/sbin/openrc', '/bin/openrc', '/usr/bin/openrc', '/sbin/rc'];

/**
 * Which init of its own boots a root file system: systemd when /sbin/init is systemd's program; OpenRC when there is an
 * init to start it, and a runlevel for it to start. An init alone, as busybox has one in images for containers, starts
 * nothing that anybody would wait for.
 */
export function findInit(root: Directory): 'systemd' | 'openrc' | undefined {
  const init = programAt(root, '/sbin/init');
  if (init === undefined) return undefined;
  if (init.endsWith('/systemd')) return 'systemd';
  const hasOpenRc = OPENRC.some((path) => programAt(root, path) !== undefined);
  return hasOpenRc && hasRunlevel(root) ? 'openrc' : undefined;
}

/** Where the file is that a path leads to, if it is one that can be executed. */
function programAt(root: Directory, path: ByteName): ByteName | undefined {
  const found = resolvePath(root, path);
  if (typeof found === 'string' || found.node?.kind !== 'file') return undefined;
  return (found.node.mode & 0o111) === 0 ? undefined : found.path;
}

function hasRunlevel(root: Directory): boolean {
  const found = resolvePath(root, '/etc/runlevels');
  if (typeof found === 'string' || found.node?.kind !== 'directory') return false;
  return [...found.node.children.values()].some(
    (level) => level.kind === 'directory' && level.children.size > 0,
  );
}
