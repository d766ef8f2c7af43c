import type { Command, Context } from './command.ts';
import { globalFlags } from './global-flags.ts';
import { commandHelp } from './help-text.ts';
import type { Interrupts } from './interrupts.ts';
import { createOutput } from './output.ts';
import { parseArguments } from './parse-arguments.ts';
import type { World } from './world.ts';
import { writeAll } from './write-all.ts';

/** Runs one command with its arguments; resolves with the exit status. */
export async function runCommand(
  command: Command,
  args: readonly string[],
  { world, interrupts }: { readonly world: World; readonly interrupts: Interrupts },
): Promise<number> {
  if (asksForHelp(args)) {
    await writeAll(world.stdout, `${commandHelp(command).join('\n')}\n`);
    return 0;
  }
  const withGlobals = { ...command, flags: { ...command.flags, ...globalFlags } };
  const parsed = parseArguments(withGlobals, args);
  const isJson = parsed.flags['json'] === true;
  const isVerbose = parsed.flags['verbose'] === true;
  using out = createOutput(world, { isJson, isVerbose });
  const { signal } = interrupts;
  const context: Context = {
    ...{ out, signal, interrupts, world },
    work: { signal, onStage: out.stage, onWarning: out.warn, onSpec: out.spec },
    connect: async () => {
      const { connectToDaemon } = await import('./connect-to-daemon.ts');
      return connectToDaemon({ world, note: out.note, startsDaemon: command.daemon !== 'never' });
    },
  };
  return (await command.run(parsed, context)) ?? 0;
}

function asksForHelp(args: readonly string[]): boolean {
  const end = args.indexOf('--');
  return (end === -1 ? args : args.slice(0, end)).some((arg) => arg === '--help' || arg === '-h');
}
