import { BangerError } from '@banger/protocol/errors';
import type { PublishedPort } from '@banger/protocol/port';
import { hostPortText } from '@banger/protocol/host-port';

import { type Listeners } from '../host/listeners.ts';

/** Who has a port of the host, by `address:port`: the name of a VM that runs. */
export type Publishing = ReadonlyMap<string, string>;

/** Rejects when a new VM cannot be published as it is asked for, and names the port. Nothing stays open. */
export async function checkPorts(
  publish: readonly PublishedPort[],
  { listeners, publishing }: { readonly listeners: Listeners; readonly publishing: Publishing },
): Promise<void> {
  const asked = new Set<string>();
  for (const { address, hostPort } of publish) {
    const at = { address, port: hostPort };
    const place = hostPortText(at);
    if (asked.has(place)) {
      throw new BangerError('usage.invalid', `Cannot publish ${place} twice`, {
        hint: `Give one of them another port of the host: --publish ${String(hostPort + 1)}:…`,
      });
    }
    asked.add(place);
    const owner = publishing.get(place);
    if (owner !== undefined) {
      throw new BangerError(
        'host.port_taken',
        `Cannot listen on ${place}: VM "${owner}" is published there`,
        {
          hint: `banger vm stop ${owner}`,
        },
      );
    }
    await using _ = await listeners.listen(at, ({ reset }) => reset());
  }
}
