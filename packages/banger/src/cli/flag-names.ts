import type { Flags } from './flags.ts';

interface KnownFlag {
  /** In the command's definition */
  readonly key: string;
  /** What giving it means, where it takes no value */
  readonly given: 'true' | 'false' | undefined;
  readonly option: { readonly type: 'string' | 'boolean'; readonly short?: string };
}

/** `--disk-size` for `diskSize`. */
export function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Flags by the names they have on a command line, without the dashes. */
export function knownFlags(flags: Flags): ReadonlyMap<string, KnownFlag> {
  const known = new Map<string, KnownFlag>();
  for (const [key, { short, placeholder, isNegatable }] of Object.entries(flags)) {
    const name = flagName(key).slice(2);
    const type = placeholder === undefined ? 'boolean' : 'string';
    const given = placeholder === undefined ? 'true' : undefined;
    known.set(name, { key, given, option: { type, ...(short === undefined ? {} : { short }) } });
    if (isNegatable !== true) continue;
    known.set(`no-${name}`, { key, given: 'false', option: { type: 'boolean' } });
  }
  return known;
}
