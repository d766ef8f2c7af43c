import { posix } from 'node:path';

import type { ImageConfig } from '@banger/protocol/image-config';

import type { BuildRun, BuiltStage } from './build-deps.ts';
import { copyStep, workdirStep, type CopySource } from './copy-step.ts';
import { describeImage } from './describe-image.ts';
import type { Instruction } from './dockerfile/dockerfile.ts';
import { DockerfileProblem, invalidDockerfile } from './dockerfile/problems.ts';
import { makeLayer, type LayerStep } from './make-layer.ts';
import { runStep } from './run-step.ts';
import type { Variables } from './variables.ts';

export interface StageOrder {
  /** What it begins from */
  readonly from: BuiltStage;
  /** The base's triggers first */
  readonly instructions: readonly Instruction[];
  readonly variables: Variables;
  readonly escape: string;
  readonly fileName: string;
  /** Value of a declared ARG; undefined: it has none */
  readonly argument: (name: string, byDefault: string | undefined) => string | undefined;
  /** `undefined`: the build context */
  readonly sourceOf: (from: string | undefined) => Promise<CopySource>;
  /** Tells about a step while it is carried out */
  readonly step: (
    instruction: Instruction,
    work: () => Promise<{ readonly isCached: boolean }>,
  ) => Promise<void>;
}

/** Carries out the instructions of a stage, one after the other. */
export async function buildStage(run: BuildRun, order: StageOrder): Promise<BuiltStage> {
  const stage = new OpenStage(run, order);
  for (const instruction of order.instructions) {
    run.signal.throwIfAborted();
    try {
      await stage.carryOut(instruction);
    } catch (error) {
      if (!(error instanceof DockerfileProblem)) throw error;
      const { line } = instruction;
      throw invalidDockerfile(order.fileName, [{ line, message: error.message }]);
    }
  }
  return stage.built();
}

class OpenStage {
  readonly #run: BuildRun;
  readonly #order: StageOrder;
  #root: BuiltStage['root'];
  #config: ImageConfig;
  #hasWorkingDir = false;

  constructor(run: BuildRun, order: StageOrder) {
    this.#run = run;
    this.#order = order;
    this.#root = order.from.root;
    this.#config = { ...order.from.config, onBuild: [] };
  }

  built(): BuiltStage {
    return { root: this.#root, config: { ...this.#config, env: this.#order.variables.env() } };
  }

  async carryOut(instruction: Instruction): Promise<void> {
    const { variables, argument } = this.#order;
    switch (instruction.kind) {
      case 'arg':
        for (const { name, value } of instruction.declared) {
          const byDefault = value === undefined ? undefined : variables.expand(value);
          const set = argument(variables.expand(name), byDefault);
          if (set !== undefined) variables.setArg(name, set);
        }
        return;
      case 'env': {
        // All of one instruction see what was before it.
        const pairs = instruction.pairs.map(
          ([name, value]) => [variables.expand(name), variables.expand(value)] as const,
        );
        for (const [name, value] of pairs) variables.setEnv(name, value);
        return;
      }
      case 'run':
        await this.#step(instruction, async () => {
          await this.#makeWorkingDir();
          const { fileName, escape } = this.#order;
          return runStep(this.#run, {
            ...{ root: this.#root, config: this.#config, instruction, escape },
            environment: variables.environment(),
            place: `${fileName}:${String(instruction.line)}`,
          });
        });
        return;
      case 'copy':
      case 'add':
        await this.#step(instruction, async () => {
          const source = await this.#order.sourceOf(instruction.from);
          const { workingDir } = this.#config;
          return copyStep(this.#run, {
            root: this.#root,
            instruction,
            source,
            variables,
            workingDir,
          });
        });
        return;
      case 'workdir': {
        const path = variables.expand(instruction.value);
        const workingDir = posix.resolve('/', this.#config.workingDir, path);
        this.#config = { ...this.#config, workingDir };
        this.#hasWorkingDir = true;
        await this.#step(instruction, () =>
          Promise.resolve(workdirStep(this.#run, this.#root, workingDir)),
        );
        return;
      }
      case 'cmd':
      case 'entrypoint':
      case 'expose':
      case 'healthcheck':
      case 'label':
      case 'maintainer':
      case 'onbuild':
      case 'shell':
      case 'stopsignal':
      case 'user':
      case 'volume':
        this.#config = describeImage(this.#config, instruction, variables);
    }
  }

  #step(instruction: Instruction, prepare: () => Promise<LayerStep>): Promise<void> {
    return this.#order.step(instruction, async () => {
      const made = await makeLayer(this.#run, this.#root, await prepare());
      this.#root = made.root;
      return made;
    });
  }

  /** An image may say that its commands run where nothing is. */
  async #makeWorkingDir(): Promise<void> {
    const { workingDir } = this.#config;
    if (this.#hasWorkingDir || workingDir === '' || workingDir === '/') return;
    this.#hasWorkingDir = true;
    const made = await makeLayer(
      this.#run,
      this.#root,
      workdirStep(this.#run, this.#root, workingDir),
    );
    this.#root = made.root;
  }
}
