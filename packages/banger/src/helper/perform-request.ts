import type { BridgeHost } from '../network/bridge/bridge-host.ts';
import type { ResolverHost } from '../network/dns/resolver-host.ts';
import type { HelperRequest } from './helper-protocol.ts';
import { greetingOf, type HelperSettings } from './helper-settings.ts';
import type { Json } from './request-list.ts';

/** What the helper does things with. */
export interface HelperHosts {
  readonly version: string;
  readonly bridge: BridgeHost;
  readonly resolver: ResolverHost;
}

/** Does what was asked; the request has been checked. Resolves with its answer's value. */
export async function performRequest(
  request: HelperRequest,
  { hosts, settings }: { readonly hosts: HelperHosts; readonly settings: HelperSettings },
  signal: AbortSignal,
): Promise<Json> {
  const { bridge, resolver, version } = hosts;
  switch (request.method) {
    case 'hello':
      return greetingOf(settings, version);
    case 'bridge.problems':
      return (await bridge.problems(signal)).map(({ what, hint }) => ({ what, hint }));
    case 'bridge.ensureTap':
      await bridge.ensureTap(request.tap, signal);
      return null;
    case 'bridge.ensurePort':
      await bridge.ensurePort(request.port, signal);
      return null;
    case 'bridge.removeTap':
      await bridge.removeTap(request.tap, signal);
      return null;
    case 'bridge.listTaps':
      return [...(await bridge.listTaps(signal))];
    case 'bridge.repair':
      return bridge.repair(request.ports, signal);
    case 'resolver.route':
      await resolver.route(request.at, signal);
      return null;
    case 'resolver.unroute':
      await resolver.unroute(signal);
      return null;
  }
}
