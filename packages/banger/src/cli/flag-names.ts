import type { Flags } from './flags.ts';

interface KnownFlag {
  /** In the command's definition */
  readonly key: string;
  /** What giving it means, where it takes no value */
  readonly given: 'true' | 'false' | undefined;
  readonly hasOptionalValue: boolean;
  readonly option: { readonly type: 'string' | 'boolean'; readonly short?: string };
}

/** `--disk-size` for `diskSize`. */
export function flagName(key: string): string {
  return `--${key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** Flags by the names they have on a command line, without the dashes. */
export function knownFlags(flags: Flags): ReadonlyMap<string, KnownFlag> {
  const known = new Map<string, KnownFlag>();
  for (const [key, flag] of Object.entries(flags)) {
    const { short, placeholder, isNegatable, hasOptionalValue = false } = flag;
    const name = flagName(key).slice(2);
    const type = placeholder === undefined || hasOptionalValue ? 'boolean' : 'string';
    const given = placeholder === undefined ? 'true' : undefined;
    const option = { type, ...(short === undefined ? {} : { short }) } as const;
    known.set(name, { key, given, hasOptionalValue, option });
    if (isNegatable !== true) continue;
    known.set(`no-${name}`, {
      ...{ key, given: 'false', hasOptionalValue: false, option: { type: 'boolean' } },
    });
  }
  return known;
}
