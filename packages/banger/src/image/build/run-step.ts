import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';

import { BangerError } from '@banger/protocol/errors';
import type { ImageConfig } from '@banger/protocol/image-config';

import type { BuildRun } from './build-deps.ts';
import { argvOf } from './describe-image.ts';
import type { Heredoc, RunInstruction } from './dockerfile/dockerfile.ts';
import { heredocOf } from './dockerfile/find-heredocs.ts';
import type { LayerStep } from './make-layer.ts';
import { tailOf } from './output-tail.ts';
import { partsOf, type StageRoot } from './stage-root.ts';

/** As Docker's, for images that do not say */
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** Every build has them, and no image is another one because of them */
const PROXIES = ['http_proxy', 'https_proxy', 'ftp_proxy', 'no_proxy', 'all_proxy'];

export interface RunOrder {
  readonly root: StageRoot;
  readonly config: ImageConfig;
  readonly instruction: RunInstruction;
  /** ENV and ARG */
  readonly environment: Readonly<Record<string, string>>;
  /** `Dockerfile:7` */
  readonly place: string;
  readonly escape: string;
}

/** RUN: a machine with the stage's root, and what the command changed in it as a layer. */
export function runStep(run: BuildRun, order: RunOrder): LayerStep {
  const { config, environment, instruction, place } = order;
  const argv = argvOf(withHeredocs(instruction, order.escape), config);
  const env = { PATH: DEFAULT_PATH, ...environment };
  const { user } = config;
  const workingDir = config.workingDir === '' ? '/' : config.workingDir;
  const counted = Object.entries(env)
    .filter(([name]) => !PROXIES.includes(name.toLowerCase()))
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return {
    inputs: ['run', argv, counted, user, workingDir],
    make: (take) =>
      run.inTurn(async () => {
        await using disks = await makeDisks(run, order.root);
        const { vcpu, memoryMib, progress, signal } = run;
        const tail = tailOf((bytes) => progress.output?.(bytes));
        const { exitCode } = await run.deps.machines.run(
          {
            ...{ baseDisk: disks.base, deltaDisk: disks.delta, argv, env, user, workingDir },
            ...(vcpu === undefined ? {} : { vcpu }),
            ...(memoryMib === undefined ? {} : { memoryMib }),
            progress: { stage: () => undefined, warn: (message) => progress.warn(message) },
            onOutput: (_stream, bytes) => tail.add(bytes),
          },
          take,
          signal,
        );
        if (exitCode === 0) return;
        throw new BangerError(
          'build.step_failed',
          `${place}: ${shorten(instruction.text)} ended with ${String(exitCode)}`,
          {
            hint: 'What it wrote is above; the steps before it need not be run again',
            details: { exitCode, output: tail.text() },
          },
        );
      }),
  };
}

interface StepDisks extends AsyncDisposable {
  readonly base: string;
  readonly delta: string | undefined;
}

/** The root as a machine takes it: of `FROM scratch` all in one disk, else the base's own and one of what changed. */
async function makeDisks({ deps, dir, signal }: BuildRun, root: StageRoot): Promise<StepDisks> {
  const parts = await partsOf(root, deps.blobs);
  const { base, layers } = parts;
  const file = join(dir, `${randomUUID()}.ext4`);
  const dispose = { [Symbol.asyncDispose]: () => rm(file, { force: true }) };
  if (base !== undefined && layers.length === 0) return { base, delta: undefined, ...dispose };
  const order = { ...parts, file, label: 'banger-step' };
  if (base === undefined) {
    await deps.disks.make(order, signal);
    return { base: file, delta: undefined, ...dispose };
  }
  await deps.disks.makeDelta({ ...order, base }, signal);
  return { base, delta: file, ...dispose };
}

/**
 * A heredoc alone is the shell's text, or a script when it begins with `#!`; another one belongs to the command, and the
 * shell reads it (BuildKit, dockerfile2llb/convert.go, dispatchRun).
 */
function withHeredocs(
  { command, heredocs }: RunInstruction,
  escape: string,
): RunInstruction['command'] {
  const [first] = heredocs;
  if (first === undefined || command.form === 'exec') return command;
  if (heredocOf(command.text, escape) === undefined) {
    const texts = heredocs.map(({ content, name }) => `\n${content}${name}`);
    return { form: 'shell', text: command.text + texts.join('') };
  }
  const text = contentOf(first);
  if (text.startsWith('#!')) return { form: 'exec', argv: ['/bin/sh', '-c', RUN_SCRIPT, text] };
  return { form: 'shell', text };
}

/** In memory, so that nothing of it is in the layer */
const RUN_SCRIPT = 'f=/dev/shm/script && printf %s "$0" > "$f" && chmod 755 "$f" && exec "$f"';

export function contentOf({ content, isChomped }: Heredoc): string {
  return isChomped ? content.replaceAll(/^\t+/gm, '') : content;
}

const LONGEST_SHOWN = 200;

function shorten(text: string): string {
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
}
