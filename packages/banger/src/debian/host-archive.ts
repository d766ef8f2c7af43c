import { constants } from 'node:fs';
import { access } from 'node:fs/promises';

import { BangerError } from '@banger/protocol/errors';

import type { Processes } from '../host/processes.ts';
import { indexTargetFormat, parseIndexTargets } from './apt-index-targets.ts';
import { carriedAptOptions, hostCredentials } from './apt-options.ts';
import { mirrorHint } from './archive-failure.ts';
import { chooseSources, type ConfiguredMirrors, type DebianSource } from './debian-sources.ts';
import { requireTools } from './host-tools.ts';

/** Debian's archive as this host reaches it. Nothing about it is a constant: apt is asked, or the configuration. */
export interface DebianArchive {
  /** Repositories for a release, `host.mirror_unreachable` when there are none */
  sources(release: string, signal: AbortSignal): Promise<readonly DebianSource[]>;
  /** Lines of apt.conf(5) that an apt with a configuration of its own needs to reach it too */
  aptOptions(signal: AbortSignal): Promise<readonly string[]>;
}

export interface HostArchiveOptions extends ConfiguredMirrors {
  readonly processes: Processes;
  readonly env: Readonly<Record<string, string>>;
}

/** Signs all of Debian's releases; what apt falls back on without it is the host's own trusted keys. */
const DEBIAN_KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

export function createHostArchive({
  processes,
  env,
  ...mirrors
}: HostArchiveOptions): DebianArchive {
  return {
    async sources(release, signal) {
      const { 'apt-get': aptGet } = await requireTools(processes, ['apt-get']);
      const asked = await processes.run([aptGet, 'indextargets', '--format', indexTargetFormat], {
        signal,
        env,
        maxOutputBytes: 1024 * 1024,
      });
      const sources = chooseSources(release, parseIndexTargets(asked.stdout), mirrors);
      if (!sources.some(({ suite }) => suite === release)) throw noArchive(release);
      const keyring = (await isReadable(DEBIAN_KEYRING)) ? DEBIAN_KEYRING : undefined;
      return sources.map((source) => ({ ...source, signedBy: source.signedBy ?? keyring }));
    },
    async aptOptions(signal) {
      const { 'apt-config': aptConfig } = await requireTools(processes, ['apt-config']);
      const { stdout } = await processes.run([aptConfig, 'dump'], {
        signal,
        env,
        maxOutputBytes: 1024 * 1024,
      });
      return [...carriedAptOptions(stdout), ...hostCredentials];
    },
  };
}

function noArchive(release: string): BangerError {
  return new BangerError(
    'host.mirror_unreachable',
    `Cannot find Debian's archive for "${release}": apt on this host has no source of Debian, and none is configured`,
    { hint: mirrorHint },
  );
}

async function isReadable(path: string): Promise<boolean> {
  try {
    await access(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}
