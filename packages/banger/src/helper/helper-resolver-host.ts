import type { ResolverHost } from '../network/dns/resolver-host.ts';
import type { HelperConnection } from './helper-connection.ts';

/** What is told to the host's resolver, told by the helper; to look needs no rights, so `local` does. */
export function createHelperResolverHost(
  connection: HelperConnection,
  local: Pick<ResolverHost, 'isRouted'>,
): ResolverHost {
  return {
    isRouted: (at, signal) => local.isRouted(at, signal),
    async route({ address, port }, signal) {
      await connection.call({ method: 'resolver.route', at: { address, port } }, signal);
    },
    async unroute(signal) {
      await connection.call({ method: 'resolver.unroute' }, signal);
    },
  };
}
