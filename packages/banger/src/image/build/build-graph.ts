import { noImageConfig } from '@banger/protocol/image-config';

import type { BuildRun, BuiltStage } from './build-deps.ts';
import { buildStage } from './build-stage.ts';
import type { CopySource } from './copy-step.ts';
import { plainDirectory } from './copy/layer-entries.ts';
import type { Dockerfile, Instruction } from './dockerfile/dockerfile.ts';
import { DockerfileProblem, invalidDockerfile } from './dockerfile/problems.ts';
import { readInstruction } from './dockerfile/read-instruction.ts';
import { findStage, type PlannedStage, type StagePlan } from './plan-stages.ts';
import type { ReceivedContext } from './received-context.ts';
import { emptyRoot, keyOfRoot, partsOf } from './stage-root.ts';
import { Variables } from './variables.ts';

export interface GraphOrder {
  readonly dockerfile: Dockerfile;
  readonly fileName: string;
  readonly plan: StagePlan;
  readonly args: Readonly<Record<string, string>>;
  readonly context: ReceivedContext | undefined;
  /** An image that a stage begins from, or copies from */
  readonly openImage: (reference: string) => Promise<BuiltStage>;
}

/** Values that every RUN is given when they are, declared or not */
const PREDEFINED = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];

/**
 * Builds the target and the stages it needs. Those that do not need each other are built at the same time; when one
 * fails, the others are ended, and it has failed when they have.
 */
export async function buildGraph(run: BuildRun, order: GraphOrder): Promise<BuiltStage> {
  const failed = new AbortController();
  const signal = AbortSignal.any([run.signal, failed.signal]);
  const builder = new GraphBuilder({ ...run, signal }, order, (error) => {
    failed.abort(error);
  });
  try {
    return await builder.stage(order.plan.target);
  } catch (error) {
    for (let count = -1; count < builder.underWay().length;) {
      count = builder.underWay().length;
      await Promise.allSettled(builder.underWay());
    }
    run.signal.throwIfAborted();
    throw failed.signal.aborted ? failed.signal.reason : error;
  }
}

class GraphBuilder {
  readonly #run: BuildRun;
  readonly #order: GraphOrder;
  readonly #stages = new Map<number, Promise<BuiltStage>>();
  readonly #images = new Map<string, Promise<BuiltStage>>();
  readonly #onFailure: (error: unknown) => void;

  constructor(run: BuildRun, order: GraphOrder, onFailure: (error: unknown) => void) {
    this.#run = run;
    this.#order = order;
    this.#onFailure = onFailure;
  }

  underWay(): readonly Promise<unknown>[] {
    return [...this.#stages.values(), ...this.#images.values()];
  }

  /** Built once, whoever asks; what it needs is begun at once. */
  stage(index: number): Promise<BuiltStage> {
    return once(this.#stages, index, () => this.#recorded(this.#build(index)));
  }

  #image(reference: string): Promise<BuiltStage> {
    return once(this.#images, reference, () => this.#recorded(this.#order.openImage(reference)));
  }

  async #recorded(work: Promise<BuiltStage>): Promise<BuiltStage> {
    try {
      return await work;
    } catch (error) {
      this.#onFailure(error);
      throw error;
    }
  }

  async #build(index: number): Promise<BuiltStage> {
    const planned = this.#planned(index);
    for (const needed of this.#copiedStages(planned, index)) void this.stage(needed).catch(ignore);
    const from = await this.#base(planned);
    const { dockerfile, fileName, plan, args } = this.#order;
    const { escape } = dockerfile;
    const variables = new Variables(escape, from.config.env);
    for (const name of [...PREDEFINED, ...PREDEFINED.map((one) => one.toLowerCase())]) {
      const value = args[name];
      if (value !== undefined) variables.setArg(name, value);
    }
    const triggers = planned.base.kind === 'scratch' ? [] : this.#triggers(planned, from);
    const instructions = [...triggers, ...planned.source.instructions];
    const steps = this.#stepTeller(planned, instructions);
    return buildStage(this.#run, {
      ...{ from, instructions, variables, escape, fileName, step: steps },
      argument: (name, byDefault) => args[name] ?? byDefault ?? plan.globals.get(name),
      sourceOf: (reference) => this.#source(reference, index),
    });
  }

  #planned(index: number): PlannedStage {
    const planned = this.#order.plan.stages[index];
    if (planned === undefined) throw new Error(`there is no stage ${String(index)}`);
    return planned;
  }

  async #base({ base }: PlannedStage): Promise<BuiltStage> {
    switch (base.kind) {
      case 'scratch':
        return { root: emptyRoot, config: noImageConfig };
      case 'stage':
        return this.stage(base.index);
      case 'image':
        return this.#image(base.reference);
    }
  }

  #copiedStages({ source }: PlannedStage, index: number): readonly number[] {
    return source.instructions.flatMap((one) => {
      if (one.kind !== 'copy' || one.from === undefined) return [];
      const found = this.#findEarlier(one.from, index);
      return found < 0 ? [] : [found];
    });
  }

  #findEarlier(reference: string, index: number): number {
    const { stages } = this.#order.dockerfile;
    return findStage(stages.slice(0, index), reference, { byNumber: true });
  }

  async #source(reference: string | undefined, index: number): Promise<CopySource> {
    if (reference === undefined) {
      const { context } = this.#order;
      if (context !== undefined) return { kind: 'context', ...context };
      return { kind: 'context', root: plainDirectory, digestOf: () => '' };
    }
    const earlier = this.#findEarlier(reference, index);
    const { root } = await (earlier < 0 ? this.#image(reference) : this.stage(earlier));
    const { deps, signal } = this.#run;
    const tree = async () => deps.readTree(await partsOf(root, deps.blobs), signal);
    return { kind: 'root', key: keyOfRoot(root), tree };
  }

  /** ONBUILD of what it begins from, as if it stood after FROM. */
  #triggers({ source, base }: PlannedStage, { config }: BuiltStage): readonly Instruction[] {
    const { escape } = this.#order.dockerfile;
    return config.onBuild.map((text) => {
      try {
        return readInstruction({ line: source.line, text, heredocs: [] }, escape);
      } catch (error) {
        if (!(error instanceof DockerfileProblem)) throw error;
        const name = base.kind === 'image' ? base.reference : source.base;
        const message = `ONBUILD of "${name}": ${error.message}`;
        throw invalidDockerfile(this.#order.fileName, [{ line: source.line, message }]);
      }
    });
  }

  #stepTeller({ label }: PlannedStage, instructions: readonly Instruction[]) {
    const { deps, progress } = this.#run;
    const total = instructions.filter(isStep).length;
    let count = 0;
    return async (
      { text }: Instruction,
      work: () => Promise<{ readonly isCached: boolean }>,
    ): Promise<void> => {
      count += 1;
      const place = `${label} ${String(count)}/${String(total)}`.trim();
      const stage = { name: `step ${place}`, text: `[${place}] ${shorten(text)}` };
      const since = deps.clock.monotonicMs();
      progress.stage({ ...stage, step: { isCached: false } });
      const { isCached } = await work();
      const ms = Math.round(deps.clock.monotonicMs() - since);
      progress.stage({ ...stage, ms, step: { isCached } });
    };
  }
}

function isStep({ kind }: Instruction): boolean {
  return ['run', 'copy', 'add', 'workdir'].includes(kind);
}

function once<Key, Value>(
  known: Map<Key, Promise<Value>>,
  key: Key,
  make: () => Promise<Value>,
): Promise<Value> {
  const present = known.get(key);
  if (present !== undefined) return present;
  const made = make();
  known.set(key, made);
  return made;
}

const LONGEST_SHOWN = 160;

function shorten(text: string): string {
  return text.length <= LONGEST_SHOWN ? text : `${text.slice(0, LONGEST_SHOWN)}…`;
}

function ignore(): void {
  // Whoever needs the stage hears of it.
}
