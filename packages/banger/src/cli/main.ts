import { answerCompletion, COMPLETE } from './completion/answer-completion.ts';
import { exitStatusOf, reportError } from './error-report.ts';
import { findCommand } from './find-command.ts';
import { createInterrupts, type Interrupts } from './interrupts.ts';
import { runCommand } from './run-command.ts';
import { showHelp } from './show-help.ts';
import type { World } from './world.ts';

/** Runs one command line; resolves with its exit status when everything was written. Never throws. */
export async function main(argv: readonly string[], world: World): Promise<number> {
  using interrupts = createInterrupts(world);
  using pipes = new DisposableStack();
  pipes.use(endWithOutput(world, interrupts));
  return await Promise.race([run(argv, { world, interrupts }), quit({ world, interrupts })]);
}

interface Surroundings {
  readonly world: World;
  readonly interrupts: Interrupts;
}

/** Leaves everything where it is; the terminal at least is given back as it was found. */
async function quit({ world, interrupts }: Surroundings): Promise<number> {
  const status = await interrupts.quit;
  if (world.stdin.isTTY === true) world.stdin.setRawMode?.(false);
  return status;
}

async function run(argv: readonly string[], { world, interrupts }: Surroundings): Promise<number> {
  const isVerbose = beforeCommand(argv).includes('--verbose');
  let name = '';
  try {
    if (argv[0] === COMPLETE) return await answerCompletion(argv.slice(1), world);
    const found = findCommand(argv);
    if (found.kind === 'help') return await showHelp(found.words, world);
    name = found.command.name;
    return await runCommand(found.command, found.args, { world, interrupts });
  } catch (error) {
    if (isBrokenPipe(error)) interrupts.outputClosed();
    else for (const line of reportError(error, isVerbose)) world.stderr.write(`${line}\n`);
    return exitStatusOf(error, isCommandMode(name, argv));
  }
}

/** In command mode the exit status is the guest command's, so banger's own failures keep out of its way. */
function isCommandMode(name: string, argv: readonly string[]): boolean {
  const before = beforeCommand(argv);
  const hasCommand = before.length < argv.length - 1 || before.some(isEntrypoint);
  const isGuestCommand = name === 'vm exec' || name === 'vm ssh' || name === 'vm acp';
  return isGuestCommand || (name === 'vm run' && hasCommand);
}

function isEntrypoint(word: string): boolean {
  return word === '--entrypoint' || word.startsWith('--entrypoint=');
}

function beforeCommand(argv: readonly string[]): readonly string[] {
  const at = argv.indexOf('--');
  return at === -1 ? argv : argv.slice(0, at);
}

/** Nobody reads stdout any more (`banger ps | head -1`): that is no failure to report. */
function endWithOutput({ stdout, stderr }: World, interrupts: Interrupts): Disposable {
  const ended = (error: unknown) => {
    if (isBrokenPipe(error)) interrupts.outputClosed();
  };
  const ignored = () => undefined;
  stdout.on('error', ended);
  stderr.on('error', ignored);
  return {
    [Symbol.dispose]() {
      stdout.off('error', ended);
      stderr.off('error', ignored);
    },
  };
}

function isBrokenPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EPIPE';
}
