import { createSystemProcesses } from '../host/system-processes.ts';
import { createResolvedHost } from '../network/dns/create-resolved-host.ts';
import type { ResolverHost } from '../network/dns/resolver-host.ts';
import type { HelperSettings } from './helper-settings.ts';

/** What is told to this host's resolver, for the owner in the settings; needs root's rights over the network. */
export function createRootResolverHost({ owner }: HelperSettings): ResolverHost {
  return createResolvedHost({ processes: createSystemProcesses(), owner: owner.stateDir });
}
