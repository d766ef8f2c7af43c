import { HOST_SUFFIX } from './known-hosts.ts';

export interface ClientConfigParts {
  readonly identityFile: string;
  readonly knownHostsFile: string;
  /** The banger program, and the socket of the daemon that these VMs belong to */
  readonly program: string;
  readonly socket: string;
}

/**
 * The configuration by which OpenSSH reaches VMs (ssh_config(5)): through the daemon, without an open port, with one key
 * and one known host each. Nothing else vouches for a VM, and nothing of it is learned. Pure.
 */
export function clientConfig(parts: ClientConfigParts): string {
  const proxy = `env BANGER_SOCKET=${shellWord(parts.socket)} ${shellWord(parts.program)} ssh-proxy`;
  return `# Written by banger; changes are lost. "banger ssh-config --install" includes it in ~/.ssh/config.
Host *${HOST_SUFFIX}
  User root
  IdentityFile ${quoted(parts.identityFile)}
  IdentitiesOnly yes
  PreferredAuthentications publickey
  UserKnownHostsFile ${quoted(parts.knownHostsFile)}
  GlobalKnownHostsFile /dev/null
  StrictHostKeyChecking yes
  UpdateHostKeys no
  CheckHostIP no
  HostKeyAlgorithms ssh-ed25519
  ProxyCommand ${escaped(proxy)} %h %p
`;
}

/** "%" begins a token in these values. */
function escaped(text: string): string {
  return text.replaceAll('%', '%%');
}

function quoted(path: string): string {
  return `"${escaped(path)}"`;
}

/** ssh gives a ProxyCommand to the user's shell. */
function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
