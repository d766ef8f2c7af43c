import type { Stage } from '@banger/protocol/progress';
import type { Provenance, VmSpec } from '@banger/protocol/vm';

import { createLiveStages } from './live-stages.ts';
import { formatSpec } from './spec-line.ts';
import { formatTable } from './table.ts';
import { writeAll } from './write-all.ts';
import type { World } from './world.ts';

/** Results go to stdout, everything else to stderr. With `--json` a result is its value, not its text. */
export interface Output extends Disposable {
  readonly isVerbose: boolean;
  /** Resolves when stdout has taken it. */
  readonly result: (text: string | readonly string[], value: unknown) => Promise<void>;
  /** A list: `-q` prints the ids. */
  readonly list: <Item>(items: readonly Item[], columns: Columns<Item>) => Promise<void>;
  /** As it is, `--json` or not. */
  readonly bytes: (chunk: Uint8Array) => Promise<void>;
  readonly note: (text: string) => void;
  readonly warn: (text: string) => void;
  readonly stage: (stage: Stage) => void;
  readonly spec: (spec: VmSpec, provenance: Provenance) => void;
}

export interface Columns<Item> {
  readonly header: readonly string[];
  readonly row: (item: Item) => readonly string[];
  /** With `-q`, alone on its line */
  readonly id: (item: Item) => string;
  readonly isQuiet: boolean;
}

export interface OutputOptions {
  readonly isJson: boolean;
  readonly isVerbose: boolean;
}

export function createOutput(world: World, { isJson, isVerbose }: OutputOptions): Output {
  const stages = createLiveStages(world, isVerbose);

  function print(bytes: string | Uint8Array): Promise<void> {
    stages.clear();
    return writeAll(world.stdout, bytes);
  }

  function printLines(lines: string | readonly string[], value: unknown): Promise<void> {
    if (isJson) return print(`${JSON.stringify(value, null, 2)}\n`);
    const text = typeof lines === 'string' ? [lines] : lines;
    return print(text.map((line) => `${line}\n`).join(''));
  }

  function say(line: string): void {
    stages.clear();
    world.stderr.write(`${line}\n`);
  }

  return {
    isVerbose,
    result: printLines,
    list: (items, { header, row, id, isQuiet }) =>
      printLines(isQuiet ? items.map(id) : formatTable(header, items.map(row)), items),
    bytes: print,
    note: say,
    warn: (text) => say(`warning: ${text}`),
    stage: stages.show,
    spec: (spec, provenance) => say(formatSpec(spec, isVerbose ? provenance : undefined)),
    [Symbol.dispose]: () => stages[Symbol.dispose](),
  };
}
