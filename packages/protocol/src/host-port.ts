import { BangerError } from './errors.ts';

/** A port of the host. Without zod, for programs that have to start fast. */
export interface HostPort {
  /** IPv4 or IPv6 */
  readonly address: string;
  /** 0 takes any that is free */
  readonly port: number;
}

/** `127.77.0.1:80`, `[::1]:80` */
export function hostPortText({ address, port }: HostPort): string {
  return `${address.includes(':') ? `[${address}]` : address}:${String(port)}`;
}

/** What the kernel said about an address to listen on; anything else is passed on as it is. */
export function explainListenError(error: unknown, at: HostPort): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  const cannot = `Cannot listen on ${hostPortText(at)}`;
  switch (code) {
    case 'EADDRINUSE':
      return new BangerError('host.port_taken', `${cannot}: another program listens there`, {
        cause: error,
        hint: `ss -ltnp 'sport = :${String(at.port)}'`,
      });
    case 'EACCES':
    case 'EPERM':
      return new BangerError('host.port_forbidden', `${cannot}: the port is for root only`, {
        cause: error,
        hint: `sudo sysctl net.ipv4.ip_unprivileged_port_start=${String(at.port)}`,
      });
    case 'EADDRNOTAVAIL':
      return new BangerError('host.address_unusable', `${cannot}: this host has no such address`, {
        cause: error,
        hint: 'ip -brief address',
      });
    default:
      return error;
  }
}
