/** What may stand on a command line besides flags. */
export interface Operands<Value> {
  /** `<vm> …` */
  readonly usage: string;
  readonly min: number;
  readonly max: number;
  read(texts: readonly string[]): Value;
}

export const operands = {
  none: { usage: '', min: 0, max: 0, read: () => undefined } satisfies Operands<undefined>,
  one: (name: string): Operands<string> => ({
    usage: `<${name}>`,
    min: 1,
    max: 1,
    read: ([only]) => only ?? '',
  }),
  maybe: (name: string): Operands<string | undefined> => ({
    usage: `[${name}]`,
    min: 0,
    max: 1,
    read: ([only]) => only,
  }),
  oneAndMaybe: (name: string, other: string): Operands<readonly [string, string | undefined]> => ({
    usage: `<${name}> [${other}]`,
    min: 1,
    max: 2,
    read: ([one = '', maybe]) => [one, maybe],
  }),
  /** At least one. */
  many: (name: string): Operands<readonly string[]> => ({
    usage: `<${name}> …`,
    min: 1,
    max: Infinity,
    read: (texts) => texts,
  }),
  any: (name: string): Operands<readonly string[]> => ({
    usage: `[${name}] …`,
    min: 0,
    max: Infinity,
    read: (texts) => texts,
  }),
};
