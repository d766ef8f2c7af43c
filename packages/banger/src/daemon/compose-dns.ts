import type { DaemonInfo } from '@banger/protocol/doctor';
import { hostPortText, type HostPort } from '@banger/protocol/host-port';

import type { Config } from '../host/config.ts';
import { findResolver } from '../host/find-resolver.ts';
import { parseHostPort } from '../host/parse-host-port.ts';
import type { Machines } from '../machine/machines.ts';
import { startDnsServer, type DnsStatus } from '../network/dns/dns-server.ts';
import { routeResolved } from '../network/dns/route-resolved.ts';
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
  info(): DaemonInfo['dns'];
  /** Whether programs of this host find VMs by name */
  resolve(): Promise<boolean>;
}

/** An address that is taken keeps no daemon from starting. */
export async function composeDns(parts: DnsParts): Promise<Names> {
  const { adapters, config, machines, log } = parts;
  const at = parseHostPort(config.values.dns_listen);
  if (at === undefined) {
    return {
      status: undefined,
      info: () => null,
      resolve: () => Promise.resolve(false),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const check = new NamesCheck(adapters.clock);
  const stopping = new AbortController();
  let routing: Promise<AsyncDisposable | undefined> | undefined;
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
      routing = route(status.at, parts, stopping.signal).finally(() => check.forget());
    },
  });
  return {
    resolve: () => check.resolves(),
    get status() {
      return server.status;
    },
    info() {
      const { status } = server;
      const problem = status.state === 'failed' ? status.problem.message : null;
      return { listen: hostPortText(status.at), problem };
    },
    async [Symbol.asyncDispose]() {
      stopping.abort(new Error('the daemon is stopping'));
      const routed = await routing;
      await routed?.[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Where systemd-resolved runs and we may; elsewhere `doctor` has the recipe. */
async function route(
  at: HostPort,
  { adapters: { processes }, stateDir, isRoot, log }: DnsParts,
  signal: AbortSignal,
): Promise<AsyncDisposable | undefined> {
  if (!isRoot || (await findResolver()) !== 'systemd-resolved') return undefined;
  try {
    const owner = `banger ${stateDir}`.slice(0, MAX_ALIAS);
    const routed = await routeResolved(at, { processes, owner, signal });
    log.info('systemd-resolved asks for the names of VMs');
    return routed;
  } catch (error) {
    log.warn({ err: error }, 'systemd-resolved does not ask for the names of VMs');
    return undefined;
  }
}

/** Of a network link (the kernel's IFALIASZ) */
const MAX_ALIAS = 255;
