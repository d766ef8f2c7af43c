import type { DaemonInfo } from '@banger/protocol/doctor';
import { hostPortText, type HostPort } from '@banger/protocol/host-port';

import { createHelperResolverHost } from '../helper/helper-resolver-host.ts';
import { HELPER_SOCKET } from '../helper/helper-settings.ts';
import { mayAskHelper } from '../helper/may-ask-helper.ts';
import type { Config } from '../host/config.ts';
import { findResolver } from '../host/find-resolver.ts';
import { parseHostPort } from '../host/parse-host-port.ts';
import type { Machines } from '../machine/machines.ts';
import { createResolvedHost } from '../network/dns/create-resolved-host.ts';
import { startDnsServer, type DnsStatus } from '../network/dns/dns-server.ts';
import type { ResolverHost } from '../network/dns/resolver-host.ts';
import { removeRoute, RouteKeeper } from '../network/dns/route-keeper.ts';
import { NamesCheck } from '../network/names-check.ts';
import type { Adapters } from './compose-adapters.ts';
import type { DaemonLog } from './daemon-log.ts';

export interface DnsParts {
  readonly adapters: Adapters;
  readonly config: Config;
  readonly machines: Machines;
  readonly log: DaemonLog;
  /** Told to other bangers by what it makes for all of the host */
  readonly stateDir: string;
  readonly isRoot: boolean;
}

/** The name server of a daemon, if its configuration wants one. */
export interface Names extends AsyncDisposable {
  readonly status: DnsStatus | undefined;
  /** Why the host's resolver could not be told to ask it */
  readonly trouble: string | undefined;
  info(): DaemonInfo['dns'];
  /** Whether programs of this host find VMs by name */
  resolve(): Promise<boolean>;
}

/** An address that is taken keeps no daemon from starting. */
export async function composeDns(parts: DnsParts): Promise<Names> {
  const { adapters, config, machines, log } = parts;
  const at = parseHostPort(config.values.dns_listen);
  const host = resolverHostFor(parts);
  const onTrouble = (error: unknown) =>
    log.warn({ err: error }, 'systemd-resolved does not ask for the names of VMs');
  // Of an earlier daemon: where it points, nobody answers, or somebody else.
  await removeRoute({ host, onTrouble });
  if (at === undefined) {
    return {
      status: undefined,
      trouble: undefined,
      info: () => null,
      resolve: () => Promise.resolve(false),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const check = new NamesCheck(adapters.clock);
  let keeper: RouteKeeper | undefined;
  const onRoute = () => {
    log.info('systemd-resolved asks for the names of VMs');
    check.forget();
  };
  const server = await startDnsServer({
    ...adapters,
    at,
    addressOf: (name) => machines.addressOf(name),
    onChange(status) {
      const listen = hostPortText(status.at);
      if (status.state === 'failed') {
        log.warn({ err: status.problem }, status.problem.message);
        return;
      }
      log.info({ listen }, 'answering for the names of VMs');
      const { clock } = adapters;
      keeper = new RouteKeeper({ at: reachedAt(status.at), clock, host, onRoute, onTrouble });
    },
  });
  return {
    resolve: () => check.resolves(),
    get status() {
      return server.status;
    },
    get trouble() {
      return keeper?.trouble;
    },
    info() {
      const { status } = server;
      const problem = status.state === 'failed' ? status.problem.message : null;
      return { listen: hostPortText(status.at), problem };
    },
    async [Symbol.asyncDispose]() {
      await keeper?.[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Where systemd-resolved runs, and root or the helper may tell it; elsewhere `doctor` has the recipe. */
function resolverHostFor({
  adapters: { processes, helper },
  stateDir,
  isRoot,
}: DnsParts): () => Promise<ResolverHost | undefined> {
  const local = createResolvedHost({ processes, owner: stateDir });
  const host = isRoot ? local : createHelperResolverHost(helper, local);
  return async () => {
    if ((await findResolver()) !== 'systemd-resolved') return undefined;
    return isRoot || (await mayAskHelper(HELPER_SOCKET)) ? host : undefined;
  };
}

/** A server of all addresses is asked on one of this host's alone. */
function reachedAt({ address, port }: HostPort): HostPort {
  if (address === '0.0.0.0') return { address: '127.0.0.1', port };
  return { address: address === '::' ? '::1' : address, port };
}
