import { readFile } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import { explainFileError } from '../host/file-errors.ts';
import { unlessMissing } from '../host/missing-files.ts';
import type { HostKeys } from './host-keys.ts';
import { parseHostKey } from './openssh-key.ts';
import type { UserKey } from './user-key.ts';

/** As in a `.pub` file: type, key, and perhaps a comment, which is nobody's business in a guest. */
const PUBLIC_KEY =
  /^((?:ssh-(?:ed25519|rsa)|ecdsa-sha2-nistp\d+|sk-[\w-]+@openssh\.com) [A-Za-z0-9+/]{40,8000}=*)(?:\s|$)/;

/** A key of banger's own, made when it is first needed. */
export function createOwnUserKey(file: string, keys: HostKeys): UserKey {
  let made: Promise<string> | undefined;
  return {
    file,
    publicKey() {
      // Together, or each would make one.
      made ??= keys.make(file).then(({ publicKey }) => publicKey);
      made.catch(() => (made = undefined));
      return made;
    },
  };
}

/** The user's own key, whose private half stays unread where there is a `.pub` file beside it. */
export function createGivenUserKey(file: string): UserKey {
  return {
    file,
    async publicKey() {
      const found = publicKeyIn(await read(`${file}.pub`)) ?? (await fromPrivate(file));
      if (found !== undefined) return found;
      throw new BangerError(
        'config.invalid',
        `Cannot use ssh_key_path "${file}": there is no public key in "${file}.pub"`,
        { hint: `ssh-keygen -y -f "${file}" > "${file}.pub"` },
      );
    },
  };
}

async function fromPrivate(file: string): Promise<string | undefined> {
  const text = await read(file);
  if (text !== undefined) return parseHostKey(text)?.publicKey;
  throw new BangerError(
    'config.invalid',
    `Cannot use ssh_key_path "${file}": there is no such file`,
    {
      hint: `ssh-keygen -t ed25519 -f "${file}"`,
    },
  );
}

function publicKeyIn(text: string | undefined): string | undefined {
  return PUBLIC_KEY.exec(text ?? '')?.[1];
}

async function read(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8').catch(unlessMissing);
  } catch (error) {
    throw explainFileError(error, `Cannot read ssh key "${file}"`);
  }
}
