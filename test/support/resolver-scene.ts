import { createResolvedHost } from '../../packages/banger/src/network/dns/create-resolved-host.ts';
import {
  createFakeResolver,
  createFakeResolverHost,
} from '../../packages/banger/src/network/dns/fake-resolver-host.ts';
import type { ResolverHost } from '../../packages/banger/src/network/dns/resolver-host.ts';
import { RESOLVER_OWNER, type ResolverScene } from '../contract/resolver-host.ts';
import { makeNetworkNamespace, type NetworkNamespace } from './network-namespace.ts';
import { createStandInResolved, type StandInResolved } from './stand-in-resolved.ts';

/** What is between a caller and the host: nothing, or the helper */
export type Through = (host: ResolverHost) => ResolverHost;

export interface ResolvedSpace extends StandInResolved, AsyncDisposable {
  readonly ok: NetworkNamespace['ok'];
  /** Links with their addresses, and what systemd-resolved was told, less what differs between two that are made alike */
  state(): Promise<string>;
}

/** A namespace with systemd-resolved's stand-in. Needs root. */
export async function makeResolvedSpace(): Promise<ResolvedSpace> {
  const space = await makeNetworkNamespace();
  const resolved = createStandInResolved(space.processes);
  const links =
    'ip -details address show | sed -E "s/^[0-9]+: //; s/ether [^ ]+//; /inet6|valid_lft/d" | sort';
  return {
    ...resolved,
    ok: space.ok,
    state: async () => `${await space.ok(links)}\n${await resolved.said()}`,
    [Symbol.asyncDispose]: () => space[Symbol.asyncDispose](),
  };
}

/** Real links in a namespace of their own, and a stand-in of systemd-resolved. Needs root. */
export async function realResolverScene(through: Through = (host) => host): Promise<ResolverScene> {
  const space = await makeResolvedSpace();
  const { processes } = space;
  const change = async (command: string) => {
    await space.ok(command);
  };
  return {
    caller: () => through(createResolvedHost({ processes, owner: RESOLVER_OWNER })),
    state: () => space.state(),
    others: {
      removeLink: () => change('ip link delete banger0'),
      revert: () => space.revert(),
      takeLink: () => change('ip link add banger0 type bridge'),
    },
    [Symbol.asyncDispose]: () => space[Symbol.asyncDispose](),
  };
}

export function fakeResolverScene(through: Through = (host) => host): ResolverScene {
  const resolver = createFakeResolver();
  const act = (change: () => unknown): Promise<void> => {
    change();
    return Promise.resolve();
  };
  return {
    caller: () => through(createFakeResolverHost(RESOLVER_OWNER, resolver)),
    state: () => Promise.resolve(JSON.stringify(resolver)),
    others: {
      removeLink: () => act(() => (resolver.link = undefined)),
      revert: () => act(() => resolver.link && (resolver.link.at = undefined)),
      takeLink: () => act(() => (resolver.link = { owner: 'somebody', at: undefined })),
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
