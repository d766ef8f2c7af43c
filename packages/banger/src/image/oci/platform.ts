import { BangerError } from '@banger/protocol/errors';

/** In Go's words, as OCI has it: `linux`, `amd64`; a variant where there are several. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string | undefined;
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', arm64: 'arm64' };

/** Of the guests here, which run on the host's own processor. `nodeArch` is `process.arch`. */
export function guestPlatform(nodeArch: string): Platform {
  return { os: 'linux', architecture: ARCHITECTURES[nodeArch] ?? nodeArch };
}

export function platformText({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined || variant === '' ? [] : [variant])].join(
    '/',
  );
}

/** Every processor of an architecture runs these. */
const BASELINES: Readonly<Record<string, string>> = { amd64: 'v1', arm64: 'v8' };

export function fits({ os, architecture, variant = '' }: Platform, wanted: Platform): boolean {
  const isBaseline = variant === '' || variant === BASELINES[architecture];
  return os === wanted.os && architecture === wanted.architecture && isBaseline;
}

export function otherPlatform(
  wanted: Platform,
  there: readonly Platform[],
  hint?: string,
): BangerError {
  const texts = [...new Set(there.map(platformText))];
  const shown = texts.slice(0, 20).join(', ') || 'no platform';
  return new BangerError(
    'image.other_platform',
    `Cannot use the image here: it is not for ${platformText(wanted)}, but for ${shown}`,
    { hint, details: { platforms: texts.slice(0, 100) } },
  );
}

/** What is asked for is `os/architecture` in words, and has to be that of this machine. */
export function refusePlatform(text: string, platform: Platform): void {
  if (text === platformText(platform)) return;
  const [os = '', architecture = '', variant] = text.split('/');
  throw otherPlatform({ os, architecture, variant }, [platform], 'Leave out --platform');
}
