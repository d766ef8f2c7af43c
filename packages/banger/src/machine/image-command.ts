import { constants } from 'node:os';

import { BangerError } from '@banger/protocol/errors';
import type { ExecRequest } from '@banger/protocol/exec';
import { type ImageRun, noImageConfig } from '@banger/protocol/image-config';

import type { GuestExec } from '../guest/guest.ts';
import type { VmRecord } from './record.ts';

type Wanted = Pick<ExecRequest, 'argv' | 'entrypoint' | 'env' | 'cwd' | 'user'>;
type Vm = Pick<VmRecord, 'name' | 'spec' | 'plan' | 'workspace'>;

/** A command as the guest is asked for it, without its terminal and input. */
export type ImageCommand = Pick<
  GuestExec,
  'argv' | 'env' | 'cwd' | 'imageDir' | 'stopSignal' | 'user'
> & {
  /** Nothing was asked for but a shell */
  readonly isShell: boolean;
};

/**
 * What was asked for, with what the image says of how it is run below it: as `docker exec` does it, and with `entrypoint`
 * as `docker run`. A workspace is root's and lies in root's home, so commands of a VM that has one are root's, too.
 */
export function imageCommand(vm: Vm, wanted: Wanted): ImageCommand {
  const image = vm.plan?.imageRun ?? noImageConfig;
  const isShell = wanted.argv.length === 0 && wanted.entrypoint === false;
  const cwd = wanted.cwd ?? vm.workspace?.guestPath;
  const user = wanted.user ?? (vm.workspace === null && image.user !== '' ? image.user : undefined);
  const stopSignal = wanted.entrypoint === false ? undefined : signalNumber(image.stopSignal);
  return {
    argv: isShell ? shellOf(image) : argvOf(vm, image, wanted),
    env: { ...variables(image.env), ...wanted.env },
    ...(cwd === undefined ? { imageDir: imageDir(image) } : { cwd }),
    ...{ user, stopSignal, isShell },
  };
}

/**
 * The shell of the guest's user. A login shell reads /etc/profile, which sets PATH anew, so where the image has an
 * environment of its own it is none.
 */
function shellOf({ env }: ImageRun): readonly string[] {
  return ['/bin/sh', '-c', `exec "\${SHELL:-/bin/sh}"${env.length === 0 ? ' -l' : ''}`];
}

function argvOf(
  { name, spec }: Vm,
  image: ImageRun,
  { argv, entrypoint }: Wanted,
): readonly string[] {
  if (entrypoint === false) return argv;
  const [before, cmd] =
    entrypoint === true ? [image.entrypoint ?? [], image.cmd ?? []] : [entrypoint, []];
  const whole = [...before, ...(argv.length > 0 ? argv : cmd)];
  if (whole.length > 0) return whole;
  throw new BangerError(
    'image.no_entrypoint',
    `Cannot run the entrypoint of image "${spec.image}" in VM "${name}": ${
      entrypoint === true
        ? 'the image has neither an ENTRYPOINT nor a CMD'
        : 'it was cleared, and no command is given'
    }`,
    { hint: `banger vm run --image ${spec.image} -- COMMAND` },
  );
}

/** Of an image that says how it is run "/" where it says nothing else, as Docker has it; of others the home. */
function imageDir({ entrypoint, cmd, workingDir }: ImageRun): string | undefined {
  if (workingDir !== '') return workingDir.startsWith('/') ? workingDir : `/${workingDir}`;
  return entrypoint === null && cmd === null ? undefined : '/';
}

/** `NAME=VALUE`; the last of a name counts, and what has no name is none. */
function variables(env: readonly string[]): Readonly<Record<string, string>> {
  const pairs = env.map((text) => {
    const at = text.indexOf('=');
    return [text.slice(0, Math.max(0, at)), text.slice(at + 1)] as const;
  });
  return Object.fromEntries(pairs.filter(([name]) => name !== ''));
}

/** What real-time signals are counted from: the C library keeps two of the kernel's for itself (signal(7)). */
const FIRST_REAL_TIME = 34;
const LAST_SIGNAL = 64;

/** `SIGQUIT`, `QUIT`, `SIGRTMIN+3`, `RTMAX-1`, `3`; undefined: there is no such signal, and the default is meant. */
export function signalNumber(text: string | null): number | undefined {
  const name = (text ?? '').trim().toUpperCase().replace(/^SIG/, '');
  const [, from, sign, by = '0'] = /^RT(MIN|MAX)(?:([+-])(\d{1,2}))?$/.exec(name) ?? [];
  const known = Object.entries(constants.signals).find(([signal]) => signal === `SIG${name}`);
  const number =
    from === undefined
      ? (known?.[1] ?? (/^\d{1,2}$/.test(name) ? Number(name) : 0))
      : (from === 'MIN' ? FIRST_REAL_TIME : LAST_SIGNAL) + (sign === '-' ? -1 : 1) * Number(by);
  return number >= 1 && number <= LAST_SIGNAL ? number : undefined;
}
