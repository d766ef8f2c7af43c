import type { RouteName } from '@banger/protocol/api';
import type { Banger, CallOptions } from '@banger/sdk';

import type { Flags, FlagValues } from './flags.ts';
import type { Interrupts } from './interrupts.ts';
import type { Operands } from './operands.ts';
import type { Output } from './output.ts';
import type { World } from './world.ts';

/** What a command is given to work with. */
export interface Context {
  /** The daemon's client. Loading it takes time, so commands that need none do not ask for it. */
  readonly connect: () => Promise<Banger>;
  readonly out: Output;
  /** Aborts when the user interrupts */
  readonly signal: AbortSignal;
  readonly interrupts: Interrupts;
  /** For SDK calls: the signal, and where progress is shown */
  readonly work: CallOptions;
  readonly world: World;
}

export interface Arguments<Of extends Flags, Operand> {
  readonly flags: FlagValues<Of>;
  readonly operand: Operand;
  /** What follows `--`; empty without */
  readonly command: readonly string[];
}

/** A command is data plus one call. */
export interface CommandDefinition<Of extends Flags, Operand> {
  /** `vm create` */
  readonly name: string;
  readonly summary: string;
  /** Paragraphs of detail for `--help` and the docs */
  readonly details?: readonly string[];
  readonly operands: Operands<Operand>;
  readonly flags: Of;
  /** Whether `-- cmd …` may or must follow; left out, it may not */
  readonly command?: 'optional' | 'required';
  readonly examples: readonly string[];
  /** The requests it makes, whose errors can be its own */
  readonly calls: readonly RouteName[];
  /** `never`: works with a daemon that runs and starts none */
  readonly daemon?: 'start' | 'never';
  /** Resolves with the exit status; nothing is 0. */
  run(args: Arguments<Of, Operand>, context: Context): Promise<number | undefined>;
}

/** A command whose flags' types are forgotten, as the rest of the CLI sees it. */
export type Command = CommandDefinition<Flags, unknown>;

export function defineCommand<const Of extends Flags, Operand>(
  definition: CommandDefinition<Of, Operand>,
): Command {
  // `parseArguments` makes the flags' and operand's values with this very definition's readers.
  return definition;
}
