import { BangerError } from '@banger/protocol/errors';

import { WITH_TOOLS } from '../bootstrap-tools.ts';
import { defineCommand } from '../command.ts';
import { createRequest } from '../create-request.ts';
import { entrypointFlag, readEntrypoint } from '../entrypoint-flag.ts';
import { execFlags, readEnv } from '../exec-flags.ts';
import { flag } from '../flags.ts';
import { runGuestSession } from '../guest-session.ts';
import { noteTimings, timingsFlag } from '../note-timings.ts';
import { printFiles } from '../open-checkout.ts';
import { operands } from '../operands.ts';
import { bothAreTerminals } from '../take-terminal.ts';
import { openRunWorkspace } from '../run-workspace.ts';
import { specFlags } from '../vm-flags.ts';
import { refuseWithoutPath, sourceFlags } from '../workspace-flags.ts';

export const vmRunCommand = defineCommand({
  name: 'vm run',
  summary: 'Boot a fresh VM and run a command or a shell in it',
  details: [
    'With a path, the git checkout that it lies in is shipped to /root/repo, and command or shell run there: its tracked files as they are, with what is not committed, and the last 10 commits. The host repository is only read. When it is configured for mise, its tools are installed first. See "banger vm workspace prepare" for more ways to ship, and "banger vm workspace export" for the way back.',
    'A command is given to the entrypoint of the image if it has one, as Docker does; --entrypoint alone runs what the image runs, "--entrypoint PROGRAM" runs that instead, and "--entrypoint=" runs the command alone. Environment, user and working directory are the image\'s unless told otherwise.',
    'Without a command a shell starts. stdin, stdout and stderr are those of this program and stay separate; a terminal is used when stdin and stdout are terminals.',
    'The VM stays when the command or shell ends, and a line says how to come back; with --rm it is deleted, also when this program is killed. A VM whose guest never answered is kept for "banger vm logs".',
    "The exit status is the command's, 128+N after signal N, 127 when it was not found, 126 when it could not be executed, 125 when banger itself failed. Ctrl-C goes to the command; a second one ends this program at once.",
  ],
  operands: operands.maybe('path'),
  flags: {
    ...specFlags,
    ...sourceFlags,
    noBootstrap: flag.boolean('Do not install the tools that the checkout asks mise for'),
    rm: flag.boolean('Delete the VM afterwards'),
    detach: flag.boolean('Create the VM, print its name, and leave it', { short: 'd' }),
    tty: flag.boolean('Use a terminal in any case', { short: 't' }),
    noTty: flag.boolean('Use no terminal in any case', { short: 'T' }),
    ...entrypointFlag,
    ...execFlags,
    ...timingsFlag,
  },
  command: 'optional',
  examples: [
    'banger run',
    'banger run --rm -- uname -a',
    'banger run . -- make test',
    'banger run --branch fix --from origin/main ~/src/site',
    'tar c . | banger run --rm --image debian-bookworm-slim -- tar xv',
    'banger run --rm --image nginx:1.27 --publish 8080:80 --entrypoint',
    'banger run -d --name web --memory 4G',
  ],
  calls: ['createVm', 'createExec', 'showVm'],
  async run({ operand: path, flags, command }, { connect, out, work, ...context }) {
    if (flags.detach && flags.rm)
      refuse('Cannot use --detach with --rm: it would be deleted at once');
    if (flags.detach && command.length > 0) refuse('Cannot use --detach with a command');
    if (flags.detach && flags.entrypoint !== undefined) refuseDetachedEntrypoint();
    if (flags.tty && flags.noTty) refuse('Cannot use --tty with --no-tty');
    const { user, cwd, branch, from, includeUntracked, noBootstrap, nat } = flags;
    const asked = readEntrypoint(flags.entrypoint, { command, verb: 'vm run' });
    const env = readEnv(flags.env, context.world);
    if (path === undefined) refuseWithoutPath(flags);
    const source = { branch, from, includeUntracked };
    const told = { out, ...context };
    if (path !== undefined && flags.dryRun) {
      await printFiles(path, source, told);
      return 0;
    }
    const shipped = { ...source, noBootstrap, nat };
    await using workspace =
      path === undefined ? undefined : await openRunWorkspace(path, shipped, told);
    const banger = await connect();
    await workspace?.begin(banger);

    const request = { ...createRequest(flags), keep: !flags.rm };
    await using vm = await banger.vms.create(request, work);
    await workspace?.layDown(banger, vm);
    using ending = new DisposableStack();
    if (!flags.rm) ending.defer(() => out.note(comeBack(vm.name)));
    const hasTools = (await workspace?.installTools(banger, vm)) === true;
    if (flags.detach) {
      ending.move();
      if (flags.timings) await noteTimings(banger, vm.id, { out, signal: context.signal });
      await out.result(vm.name, await banger.vms.show(vm.id, { signal: context.signal }));
      return 0;
    }
    const hasTerminal = flags.tty || (!flags.noTty && bothAreTerminals(context.world));
    const withTools = hasTools ? [...WITH_TOOLS, ...command] : command;
    const argv = command.length > 0 ? withTools : [];
    const entrypoint = asked ?? command.length > 0;
    const how = { vm: vm.id, argv, entrypoint, hasTerminal, hasStdin: true, env, cwd, user };
    const status = await runGuestSession(banger, how, told).catch(async (error: unknown) => {
      if (!isImageRefusal(error)) throw error;
      ending.move(); // Nothing has run in it, and nothing that was asked for will.
      await banger.vms.delete(vm.id);
      throw error;
    });
    if (flags.timings) await noteTimings(banger, vm.id, { out, signal: context.signal });
    return status;
  },
});

function refuse(message: string): never {
  throw new BangerError('usage.invalid', message, { hint: 'banger vm run --help' });
}

function refuseDetachedEntrypoint(): never {
  throw new BangerError(
    'usage.invalid',
    'Cannot use --detach with --entrypoint: what runs without this program is a session, which has a name',
    { hint: 'banger vm run -d --name web, then banger vm session start web --entrypoint' },
  );
}

/** The image does not have what was asked for. */
function isImageRefusal(error: unknown): boolean {
  if (!(error instanceof BangerError)) return false;
  return error.code === 'image.no_entrypoint' || error.code === 'image.no_shell';
}

function comeBack(name: string): string {
  return `VM "${name}" keeps running: "banger vm exec -t ${name} -- sh -l" to come back, "banger vm delete ${name}" to delete it`;
}
