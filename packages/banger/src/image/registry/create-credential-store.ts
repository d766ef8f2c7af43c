import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import type { Processes } from '../../host/processes.ts';
import { type AuthTarget, helperFor, parseAuthFile, storedCredentials } from './auth-file.ts';
import type { Credentials, CredentialStore, FoundCredentials } from './credentials.ts';

export interface CredentialStoreOptions {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly processes: Pick<Processes, 'run'>;
}

const HELPER_MS = 30_000;
const MAX_OUTPUT_BYTES = 64 * 1024;
const MAX_FILE_BYTES = 4 * 1024 * 1024;

/** Docker's file, then those of podman and its like: the first that has something for the registry counts. */
export function createCredentialStore({ env, processes }: CredentialStoreOptions): CredentialStore {
  return {
    async find(target, signal) {
      let problem: string | undefined;
      for (const file of authFiles(env)) {
        const found = await findIn(file, target, { processes, signal });
        if (found?.credentials !== undefined) return found;
        problem ??= found?.source;
      }
      return { credentials: undefined, source: problem };
    },
  };
}

function authFiles(env: CredentialStoreOptions['env']): string[] {
  const home = env['HOME'] ?? '/';
  const runtime = env['XDG_RUNTIME_DIR'];
  return [
    join(env['DOCKER_CONFIG'] ?? join(home, '.docker'), 'config.json'),
    ...(env['REGISTRY_AUTH_FILE'] === undefined ? [] : [env['REGISTRY_AUTH_FILE']]),
    ...(runtime === undefined ? [] : [join(runtime, 'containers/auth.json')]),
    join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'containers/auth.json'),
  ];
}

interface Lookup extends Pick<CredentialStoreOptions, 'processes'> {
  readonly signal: AbortSignal;
}

/** undefined: nothing there is about this registry. */
async function findIn(
  file: string,
  target: AuthTarget,
  lookup: Lookup,
): Promise<FoundCredentials | undefined> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return isMissing ? undefined : '';
  });
  if (text === undefined) return undefined;
  const parsed = text.length > MAX_FILE_BYTES ? undefined : parseAuthFile(text);
  if (parsed === undefined) {
    return { credentials: undefined, source: `"${file}" cannot be read as a file of logins` };
  }
  const asked = helperFor(parsed, target);
  const helped = asked && (await askHelper(asked, lookup));
  if (helped?.credentials !== undefined) return helped;
  const credentials = storedCredentials(parsed, target);
  return credentials === undefined ? helped : { credentials, source: file };
}

const Answer = z.object({ Username: z.string(), Secret: z.string() });

/** docker-credential-helpers: `get` on the command line, the server on stdin, JSON on stdout. */
async function askHelper(
  { helper, server }: { readonly helper: string; readonly server: string },
  { processes, signal }: Lookup,
): Promise<FoundCredentials> {
  const program = `docker-credential-${helper}`;
  const nothing = (why?: string): FoundCredentials => ({ credentials: undefined, source: why });
  if (!/^[A-Za-z0-9._-]+$/.test(helper)) return nothing(`"${program}" is no name of a program`);
  try {
    const { exitCode, stdout } = await processes.run([program, 'get'], {
      signal: AbortSignal.any([signal, AbortSignal.timeout(HELPER_MS)]),
      stdin: server,
      maxOutputBytes: MAX_OUTPUT_BYTES,
    });
    // "credentials not found in native keychain" is the usual one, and says that nobody logged in.
    if (exitCode !== 0)
      return nothing(/not found/i.test(stdout) ? undefined : `"${program}" failed`);
    return { credentials: credentialsOf(Answer.parse(JSON.parse(stdout))), source: program };
  } catch {
    signal.throwIfAborted();
    return nothing(`"${program}" could not be asked`);
  }
}

function credentialsOf({ Username, Secret }: z.infer<typeof Answer>): Credentials {
  if (Username === '<token>') return { kind: 'identity-token', token: Secret };
  return { kind: 'password', username: Username, password: Secret };
}
