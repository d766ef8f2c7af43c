/** One flag: what it means, and how its texts become a value. */
export interface Flag<Value> {
  readonly about: string;
  /** One letter */
  readonly short?: string | undefined;
  /** `SIZE`; a flag without takes no value */
  readonly placeholder?: string | undefined;
  /** May be left out: then its text is `NO_VALUE`. A word that follows is the value if it does not begin with "-" */
  readonly hasOptionalValue?: boolean;
  /** All the values there are */
  readonly choices?: readonly string[];
  /** `--no-…` exists too */
  readonly isNegatable?: boolean;
  /** What it is when left out, for the docs */
  readonly default?: string | undefined;
  /** From the texts as given, in order (`true` and `false` where it takes no value); none when it was left out. */
  read(texts: readonly string[]): Value;
}

export type Flags = Readonly<Record<string, Flag<unknown>>>;

export type FlagValues<Of extends Flags> = {
  readonly [Name in keyof Of]: Of[Name] extends Flag<infer Value> ? Value : never;
};

/** What no word of a command line can be. */
export const NO_VALUE = '\0';

/** Why the text of a flag or an operand is refused; what reads the command line adds which one it was. */
export class FlagRefusal extends Error {
  override readonly name = 'FlagRefusal';
}

export interface FlagOptions {
  readonly short?: string;
  readonly placeholder?: string;
  readonly default?: string;
}

/** A flag with a value of which the last one counts. */
export function valueFlag<Value>(
  about: string,
  parse: (text: string) => Value,
  options: FlagOptions,
): Flag<Value | undefined> {
  const read = (texts: readonly string[]) => {
    const last = texts.at(-1);
    return last === undefined ? undefined : parse(last);
  };
  return { placeholder: 'TEXT', ...options, about, read };
}

export const flag = {
  boolean: (about: string, options: Omit<FlagOptions, 'placeholder'> = {}): Flag<boolean> => ({
    ...options,
    about,
    read: (texts) => texts.at(-1) === 'true',
  }),

  /** `--x`, `--no-x`, or neither. */
  toggle: (about: string, options: FlagOptions = {}): Flag<boolean | undefined> => ({
    ...options,
    about,
    isNegatable: true,
    read: (texts) => (texts.length === 0 ? undefined : texts.at(-1) === 'true'),
  }),

  text: (about: string, options: FlagOptions = {}) =>
    valueFlag(about, (text) => text || refuse('it is empty'), options),

  /** Its value, `NO_VALUE` without one; undefined when it was left out. */
  optionalText: (about: string, options: FlagOptions = {}): Flag<string | undefined> => ({
    ...valueFlag(about, (text) => text, options),
    hasOptionalValue: true,
  }),

  list: (about: string, options: FlagOptions = {}): Flag<readonly string[]> => ({
    placeholder: 'TEXT',
    ...options,
    about,
    read: (texts) => texts,
  }),

  choice: <const Choice extends string>(
    about: string,
    choices: readonly Choice[],
    options: FlagOptions = {},
  ) => ({
    ...valueFlag(
      about,
      (text) =>
        choices.find((choice) => choice === text) ??
        refuse(`"${text}" is not one of ${choices.join(', ')}`),
      { placeholder: choices.join('|'), ...options },
    ),
    choices,
  }),

  /** A whole number from 1. */
  count: (about: string, options: FlagOptions = {}) =>
    valueFlag(
      about,
      (text) =>
        /^[1-9]\d{0,8}$/.test(text) ? Number(text) : refuse(`"${text}" is not a number from 1`),
      { placeholder: 'N', ...options },
    ),
};

export function refuse(reason: string): never {
  throw new FlagRefusal(reason);
}
