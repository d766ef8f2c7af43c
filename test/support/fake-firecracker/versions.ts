/** What Firecracker could do when, by its CHANGELOG.md. All versions are 1.x.y; the number is x. */

/** Requests that came later than 1.10 */
const requestsSince: Readonly<Record<string, number>> = {
  serial: 14,
  pmem: 14,
  hotplug: 14,
};

/** Fields that came later than 1.10, by the request that takes them */
const fieldsSince: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'PUT /snapshot/load': {
    network_overrides: 12,
    track_dirty_pages: 13,
    vsock_override: 16,
    clock_realtime: 16,
    huge_pages: 17,
  },
  'PUT /serial': { rate_limiter: 16 },
  'PUT /balloon': { free_page_hinting: 14, free_page_reporting: 14 },
  'PUT /network-interfaces': { mtu: 16 },
  'PUT /metrics': { emit_id: 17, properties: 17 },
};

export function hasRequest(version: string, path: string): boolean {
  return minorOf(version) >= (requestsSince[kindOf(path)] ?? 0);
}

/** The first of the body's fields that this version does not know */
export function unknownField(
  version: string,
  { method, path, body }: { readonly method: string; readonly path: string; readonly body: object },
): string | undefined {
  const since = fieldsSince[`${method} ${path}`] ?? fieldsSince[`${method} /${kindOf(path)}`] ?? {};
  return Object.keys(body).find((field) => minorOf(version) < (since[field] ?? 0));
}

/** Of the snapshots that a version writes and reads: 1.17 has 11.0.0 */
export function snapshotVersion(version: string): string {
  return `${String(minorOf(version) - 6)}.0.0`;
}

function kindOf(path: string): string {
  return path.split('/')[1] ?? '';
}

function minorOf(version: string): number {
  return Number(version.split('.')[1]);
}
