import { readFileSync } from 'node:fs';

import { parseIpv4 } from '@banger/protocol/ipv4-subnet';

/** Whom the host asks: what its programs are told, and what a resolver of the host's own (systemd's) was told. */
const FILES = ['/etc/resolv.conf', '/run/systemd/resolve/resolv.conf'] as const;

/** What resolv.conf takes (glibc, MAXNS) */
const MAX_SERVERS = 3;

/**
 * Name servers of the host that a guest beside it could ask as well: those that listen on the host's loopback are left
 * out, and so are those with IPv6 addresses. As the host is now, which changes when it moves.
 */
export function hostNameServers(read: (file: string) => string = readText): readonly string[] {
  for (const file of FILES) {
    const servers = parseNameServers(read(file));
    if (servers.length > 0) return servers;
  }
  return [];
}

/** Pure. */
export function parseNameServers(text: string): readonly string[] {
  const servers = [...text.matchAll(/^[ \t]*nameserver[ \t]+(\S+)/gm)].map(
    ([, server = '']) => server,
  );
  const reached = servers.filter((server) => {
    const address = parseIpv4(server);
    return address !== undefined && address !== 0 && address >>> 24 !== 127;
  });
  return [...new Set(reached)].slice(0, MAX_SERVERS);
}

/** Without waiting, as a plan is made in one turn; both are a few lines. A host without one has no servers there. */
function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
