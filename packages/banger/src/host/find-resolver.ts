import { stat } from 'node:fs/promises';

/** Of each resolver that can route one zone, what is there while it runs; the first one that is found counts. */
const RUNS = [
  ['systemd-resolved', '/run/systemd/resolve/io.systemd.Resolve'],
  ['NetworkManager', '/run/NetworkManager'],
  ['dnsmasq', '/run/dnsmasq/dnsmasq.pid'],
] as const;

/** What resolves names on this host; `resolv.conf` when nothing does but the C library. */
export async function findResolver(): Promise<(typeof RUNS)[number][0] | 'resolv.conf'> {
  for (const [name, sign] of RUNS) {
    const isThere = await stat(sign).then(
      () => true,
      () => false,
    );
    if (isThere) return name;
  }
  return 'resolv.conf';
}
