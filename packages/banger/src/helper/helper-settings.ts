import { lstat, readFile } from 'node:fs/promises';

import { z } from 'zod';

import { BangerError } from '@banger/protocol/errors';

import { LinkName } from '../network/bridge/bridge-port.ts';

/** Where `system install` writes them. */
export const SETTINGS_FILE = '/etc/banger/system.json';
/** Where the helper of an installation listens. */
export const HELPER_SOCKET = '/run/banger/helper.sock';
/** Where the one for jails does. */
export const JAIL_SOCKET = '/run/banger/jail.sock';

/** A name in PATH, or an absolute path */
const Program = z.string().regex(/^(?:[\w.-]{1,64}|\/[^\0]{1,4094})$/);
const MAX_UID = 0xffff_fffe;

/** For whom the helper works and with what. Written by root alone: nothing of it ever comes from a client. */
export const HelperSettings = z.strictObject({
  owner: z.strictObject({
    name: z.string().regex(/^[a-z_][a-z0-9_-]{0,31}\$?$/i),
    uid: z.int().min(0).max(MAX_UID),
    gid: z.int().min(0).max(MAX_UID),
    stateDir: z.string().regex(/^\/[^\0]{1,4094}$/),
  }),
  bridge: z.strictObject({
    name: LinkName,
    /** The host's, and the guests' gateway */
    address: z.ipv4(),
    /** Large enough for a guest, small enough to be one network of a host's */
    subnet: z.cidrv4().refine((subnet) => /\/(?:[89]|[12]\d|30)$/.test(subnet), {
      error: 'the prefix has 8 to 30 bits',
    }),
  }),
  /** What jails are made with: programs that only root can change */
  jail: z.strictObject({ jailer: Program, firecracker: Program }),
});
export type HelperSettings = z.infer<typeof HelperSettings>;

/** What `hello` is answered with, by each helper */
export function greetingOf({ bridge, jail }: HelperSettings, version: string) {
  return { version, bridge, jail };
}

/** Rejects with `helper.refused` when anybody but root could have written the file. */
export async function readHelperSettings(file = SETTINGS_FILE): Promise<HelperSettings> {
  const found = await lstat(file).catch((cause: unknown) => {
    throw unusable(file, 'it cannot be read', cause);
  });
  if (!found.isFile() || found.uid !== 0 || (found.mode & 0o022) !== 0)
    throw unusable(file, 'it is not a file that only root can change');
  const parsed = HelperSettings.safeParse(JSON.parse(await readFile(file, 'utf8')));
  if (!parsed.success) throw unusable(file, z.prettifyError(parsed.error));
  return parsed.data;
}

function unusable(file: string, why: string, cause?: unknown): BangerError {
  return new BangerError('helper.refused', `Cannot use the settings in "${file}": ${why}`, {
    cause,
    hint: 'sudo banger system install',
  });
}
