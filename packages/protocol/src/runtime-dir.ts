/**
 * Where the daemon's socket is, for the daemon and for every client: `$XDG_RUNTIME_DIR/banger/bangerd.sock`,
 * else `/tmp/banger-<uid>/bangerd.sock`, a 0700 directory that both sides check before they use it.
 * `BANGER_SOCKET` overrides. Pure: takes the environment, touches nothing.
 */
export interface RuntimeEnvironment {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly uid: number;
}

export function runtimeDir({ env, uid }: RuntimeEnvironment): string {
  const xdg = env['XDG_RUNTIME_DIR'];
  if (xdg?.startsWith('/') === true) return `${xdg.replace(/\/+$/, '')}/banger`;
  return `/tmp/banger-${String(uid)}`;
}

export function daemonSocket(environment: RuntimeEnvironment): string {
  return environment.env['BANGER_SOCKET'] ?? `${runtimeDir(environment)}/bangerd.sock`;
}

/** Bytes that fit a unix socket address with its final NUL (sun_path, unix(7)). */
export const MAX_SOCKET_PATH_BYTES = 107;
