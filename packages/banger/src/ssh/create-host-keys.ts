import { generateKeyPair, randomBytes } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { promisify } from 'node:util';

import type { GuestHostKey } from '../guest/guest.ts';
import { explainFileError } from '../host/file-errors.ts';
import { unlessMissing } from '../host/missing-files.ts';
import { replaceFile } from '../host/replace-file.ts';
import type { HostKeys } from './host-keys.ts';
import { hostKeyOf, parseHostKey } from './openssh-key.ts';

const generate = promisify(generateKeyPair);

/** Host keys as files that OpenSSH reads too. */
export function createHostKeys(): HostKeys {
  return {
    async make(file) {
      try {
        // What a crash of the host has left empty is replaced: its content is nowhere else.
        return (await readKey(file)) ?? (await writeKey(file, await newKey()));
      } catch (error) {
        throw explainFileError(error, `Cannot keep ssh host key "${file}"`);
      }
    },
    remove: (file) => rm(file, { force: true }),
  };
}

async function newKey(): Promise<GuestHostKey> {
  const { privateKey } = await generate('ed25519');
  const { d = '', x = '' } = privateKey.export({ format: 'jwk' });
  const [seed, point] = [Buffer.from(d, 'base64url'), Buffer.from(x, 'base64url')];
  return hostKeyOf({ seed, point }, randomBytes(4).readUInt32BE());
}

async function readKey(file: string): Promise<GuestHostKey | undefined> {
  const text = await readFile(file, 'utf8').catch(unlessMissing);
  return text === undefined ? undefined : parseHostKey(text);
}

async function writeKey(file: string, key: GuestHostKey): Promise<GuestHostKey> {
  await replaceFile(file, key.privateKey);
  return key;
}
