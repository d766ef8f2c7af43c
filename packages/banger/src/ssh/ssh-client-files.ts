import type { SshClient } from '@banger/protocol/api-ssh';

import { explainFileError } from '../host/file-errors.ts';
import { replaceFile } from '../host/replace-file.ts';
import { clientConfig } from './client-config.ts';
import type { UserKey } from './user-key.ts';

export interface SshClientFilesParts {
  readonly configFile: string;
  readonly knownHostsFile: string;
  readonly userKey: UserKey;
  /** As for `clientConfig` */
  readonly program: string;
  readonly socket: string;
}

/** What banger keeps for ssh clients beside the pins. */
export interface SshClientFiles {
  /** Writes the configuration, which says where this banger is now */
  write(): Promise<void>;
  /** Everything is there when it resolves, the user's key included. */
  describe(): Promise<SshClient>;
}

export function createSshClientFiles(parts: SshClientFilesParts): SshClientFiles {
  const { configFile, knownHostsFile, userKey } = parts;
  const config = clientConfig({ ...parts, identityFile: userKey.file });
  const write = async () => {
    try {
      await replaceFile(configFile, config);
    } catch (error) {
      throw explainFileError(error, `Cannot write ssh configuration "${configFile}"`);
    }
  };
  return {
    write,
    async describe() {
      await Promise.all([userKey.publicKey(), write()]);
      return { configFile, config, identityFile: userKey.file, knownHostsFile };
    },
  };
}
