/**
 * How this host reaches its archive: proxies, certificates, time-outs, and what it says about the age of release
 * files. mmdebstrap gives apt a configuration of its own, inside the new tree, so these would be lost.
 */
const CARRIED = [
  /^Acquire::(?:http|https|ftp)::/,
  /^Acquire::(?:Retries|ForceIPv4|ForceIPv6|By-Hash)$/,
  /^Acquire::(?:Check-Valid-Until|Check-Date|Max-ValidTime|Min-ValidTime|Max-FutureTime)$/,
];

/** From what `apt-config dump` printed, the options to pass on, each as a line of apt.conf(5). */
export function carriedAptOptions(dump: string): readonly string[] {
  return dump.split('\n').filter((line) => {
    const [, name, value] = /^([\w:.+-]+) "(.*)";$/.exec(line) ?? [];
    if (name === undefined || value === undefined || value === '') return false;
    return CARRIED.some((pattern) => pattern.test(name));
  });
}

/** Log-ins for private mirrors stay where they are; apt reads them from the host. */
export const hostCredentials: readonly string[] = [
  'Dir::Etc::netrc "/etc/apt/auth.conf";',
  'Dir::Etc::netrcparts "/etc/apt/auth.conf.d";',
];
