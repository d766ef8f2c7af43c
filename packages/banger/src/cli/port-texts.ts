import type { PublishedPort } from '@banger/sdk';

import { refuse } from './flags.ts';

/** `8080`, `3000:8080`, `0.0.0.0:3000:8080`, `[::1]:3000:8080`: where on the host, and the port of the guest. */
const PORTS =
  /^(?:(?:(?<address>[\d.]+|\[[0-9a-fA-F:.]+\]):)?(?<host>\d{1,5}):)?(?<guest>\d{1,5})$/;
const MAX_PORT = 65_535;

/** `least` is the lowest port of the host that makes sense: 0 takes any that is free. */
export function parsePorts(text: string, least: 0 | 1): PublishedPort {
  const { address = '127.0.0.1', host, guest = '' } = PORTS.exec(text)?.groups ?? {};
  const guestPort = Number(guest);
  const hostPort = Number(host ?? guest);
  const isPossible = guest !== '' && guestPort >= 1 && guestPort <= MAX_PORT;
  if (isPossible && hostPort >= least && hostPort <= MAX_PORT)
    return { address: address.replace(/^\[|\]$/g, ''), hostPort, guestPort };
  return refuse(`"${text}" is no pair of ports such as 8080, 3000:8080 or 0.0.0.0:3000:8080`);
}
