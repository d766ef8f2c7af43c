import type { DaemonInfo } from '@banger/protocol/doctor';
import { hostPortText } from '@banger/protocol/host-port';

import type { Config } from '../host/config.ts';
import { parseHostPort } from '../host/parse-host-port.ts';
import type { Machines } from '../machine/machines.ts';
import { startDnsServer, type DnsStatus } from '../network/dns/dns-server.ts';
import { NamesCheck } from '../network/names-check.ts';
import type { Adapters } from './compose-adapters.ts';
import type { DaemonLog } from './daemon-log.ts';

export interface DnsParts {
  readonly adapters: Adapters;
  readonly config: Config;
  readonly machines: Machines;
  readonly log: DaemonLog;
}

/** The name server of a daemon, if its configuration wants one. */
export interface Names extends AsyncDisposable {
  readonly status: DnsStatus | undefined;
  info(): DaemonInfo['dns'];
  /** Whether programs of this host find VMs by name */
  resolve(): Promise<boolean>;
}

/** An address that is taken keeps no daemon from starting. */
export async function composeDns({ adapters, config, machines, log }: DnsParts): Promise<Names> {
  const at = parseHostPort(config.values.dns_listen);
  if (at === undefined) {
    return {
      status: undefined,
      info: () => null,
      resolve: () => Promise.resolve(false),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
  const server = await startDnsServer({
    ...adapters,
    at,
    addressOf: (name) => machines.addressOf(name),
    onChange(status) {
      const listen = hostPortText(status.at);
      if (status.state === 'serving') log.info({ listen }, 'answering for the names of VMs');
      else log.warn({ err: status.problem }, status.problem.message);
    },
  });
  const check = new NamesCheck(adapters.clock);
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
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
