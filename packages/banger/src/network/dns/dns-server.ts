import { BangerError } from '@banger/protocol/errors';
import { type HostPort, hostPortText } from '@banger/protocol/host-port';

import type { Clock } from '../../host/clock.ts';
import { type Listeners } from '../../host/listeners.ts';
import { serveTcp } from './tcp-server.ts';
import { serveUdp } from './udp-server.ts';
import type { AddressBook } from './zone.ts';

/** How soon an address that was taken is tried again; trying costs two system calls. */
const RETRY_MS = 10_000;
/** With port 0, UDP chooses and TCP may find that one taken. */
const CHOICES = 5;

export interface DnsServerOptions {
  /** Port 0 takes any that is free */
  readonly at: HostPort;
  readonly addressOf: AddressBook;
  readonly listeners: Listeners;
  readonly clock: Clock;
  /** Told when it begins to answer and when it finds that it cannot; not at every retry */
  readonly onChange: (status: DnsStatus) => void;
}

export type DnsStatus =
  | { readonly state: 'serving'; readonly at: HostPort }
  | { readonly state: 'failed'; readonly at: HostPort; readonly problem: BangerError };

/** The name server for VMs. An address that is taken is tried again until it is free. */
export interface DnsServer extends AsyncDisposable {
  readonly status: DnsStatus;
}

/** Resolves when it answers, or when it is clear that it cannot for now. */
export async function startDnsServer(options: DnsServerOptions): Promise<DnsServer> {
  const { clock, onChange } = options;
  const open = new AsyncDisposableStack();
  const stopping = new AbortController();
  let status = await attempt(options, open);
  onChange(status);
  const retry = async () => {
    while (status.state === 'failed') {
      await clock.wait(RETRY_MS, stopping.signal);
      status = await attempt(options, open);
      if (status.state === 'serving') onChange(status);
    }
  };
  const retrying = retry().catch(() => undefined); // It is being disposed.
  return {
    get status() {
      return status;
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await retrying;
      await open.disposeAsync();
    },
  };
}

async function attempt(options: DnsServerOptions, owner: AsyncDisposableStack): Promise<DnsStatus> {
  const { at, addressOf } = options;
  for (let choice = 1; ; choice += 1) {
    try {
      await using made = new AsyncDisposableStack();
      const udp = made.use(await serveUdp(at, addressOf));
      made.use(await serveTcp(udp.at, options));
      owner.use(made.move());
      return { state: 'serving', at: udp.at };
    } catch (error) {
      const isTaken = error instanceof BangerError && error.code === 'host.port_taken';
      if (isTaken && at.port === 0 && choice < CHOICES) continue;
      return { state: 'failed', at, problem: explain(error, at) };
    }
  }
}

function explain(error: unknown, at: HostPort): BangerError {
  const why =
    error instanceof BangerError ? error.message.replace(/^[^:]*:\d+: /, '') : String(error);
  return new BangerError(
    error instanceof BangerError ? error.code : 'host.address_unusable',
    `Cannot answer for the names of VMs on ${hostPortText(at)}: ${why}`,
    { cause: error, hint: `ss -lnptu 'sport = :${String(at.port)}'; or set dns_listen` },
  );
}
