import { isIP } from 'node:net';

import type { HostPort } from '@banger/protocol/host-port';

/** `127.0.0.1:80`, `[::1]:80`; undefined for anything else. Port 0 is one, too. */
export function parseHostPort(text: string): HostPort | undefined {
  const match = /^(?:\[(?<v6>[0-9a-f:.]+)\]|(?<v4>[\d.]+)):(?<port>\d{1,5})$/i.exec(text);
  if (match === null) return undefined;
  const { v6 = '', v4 = '', port = '' } = match.groups ?? {};
  const isAddress = v6 === '' ? isIP(v4) === 4 : isIP(v6) === 6;
  if (!isAddress || Number(port) > 65_535) return undefined;
  return { address: v6 || v4, port: Number(port) };
}
