import { expandWord } from './dockerfile/expand.ts';
import type { Dockerfile, Instruction, StageSource } from './dockerfile/dockerfile.ts';
import { DockerfileProblem, invalidDockerfile } from './dockerfile/problems.ts';

/** Which stages are built, and what each begins from. */
export interface StagePlan {
  readonly stages: readonly PlannedStage[];
  /** Place of the one that becomes the image */
  readonly target: number;
  /** Values of ARGs before the first FROM, for stages that declare them again */
  readonly globals: ReadonlyMap<string, string>;
}

export interface PlannedStage {
  readonly source: StageSource;
  /** For people: its name, or `stage-1` */
  readonly label: string;
  readonly base:
    | { readonly kind: 'scratch' }
    | { readonly kind: 'stage'; readonly index: number }
    | { readonly kind: 'image'; readonly reference: string };
}

export interface PlanOptions {
  readonly fileName: string;
  readonly args: Readonly<Record<string, string>>;
  readonly target: string | undefined;
  /** `linux/amd64` */
  readonly platform: string;
}

/** @throws BangerError `build.invalid` for what can be known to be wrong before anything is run */
export function planStages(dockerfile: Dockerfile, options: PlanOptions): StagePlan {
  const { fileName, target } = options;
  const at = <T>(line: number, work: () => T): T => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof DockerfileProblem)) throw error;
      throw invalidDockerfile(fileName, [{ line, message: error.message }]);
    }
  };
  const globals = globalsOf(dockerfile, options, at);
  const expand = (text: string) =>
    expandWord(text, { escape: dockerfile.escape, lookUp: (name) => globals.get(name) });
  const stages = dockerfile.stages.map((source, index): PlannedStage => {
    return at(source.line, () => {
      refusePlatform(expand(source.platform ?? ''), options.platform);
      const reference = expand(source.base);
      if (reference === '') {
        throw new DockerfileProblem(`FROM ${source.base}: the variable has no value`);
      }
      const earlier = findStage(dockerfile.stages.slice(0, index), reference, { byNumber: false });
      const label = source.name ?? (dockerfile.stages.length === 1 ? '' : `stage-${String(index)}`);
      if (reference === 'scratch') return { source, label, base: { kind: 'scratch' } };
      if (earlier >= 0) return { source, label, base: { kind: 'stage', index: earlier } };
      return { source, label, base: { kind: 'image', reference } };
    });
  });
  for (const [index, { source }] of stages.entries()) {
    for (const one of source.instructions) at(one.line, () => refuseLater(one, index, dockerfile));
  }
  return { stages, globals, target: targetOf(dockerfile, target, fileName) };
}

/** By name, or by number where that is allowed; the last one of a name counts. -1: none */
export function findStage(
  stages: readonly StageSource[],
  reference: string,
  { byNumber }: { readonly byNumber: boolean },
): number {
  const named = stages.findLastIndex(({ name }) => name === reference.toLowerCase());
  if (named >= 0 || !byNumber || !/^\d{1,6}$/.test(reference)) return named;
  return Number(reference) < stages.length ? Number(reference) : -1;
}

function globalsOf(
  { globalArgs, escape }: Dockerfile,
  { args, platform }: PlanOptions,
  at: <T>(line: number, work: () => T) => T,
): Map<string, string> {
  const [os = '', architecture = ''] = platform.split('/');
  const globals = new Map<string, string>();
  for (const prefix of ['BUILD', 'TARGET']) {
    globals.set(`${prefix}PLATFORM`, platform).set(`${prefix}OS`, os);
    globals.set(`${prefix}ARCH`, architecture).set(`${prefix}VARIANT`, '');
  }
  const lookUp = (name: string) => globals.get(name);
  for (const { line, declared } of globalArgs) {
    for (const { name, value } of declared) {
      const set = args[name] ?? (value && at(line, () => expandWord(value, { escape, lookUp })));
      if (set !== undefined) globals.set(name, set);
    }
  }
  return globals;
}

function refusePlatform(wanted: string, ours: string): void {
  if (wanted === '' || wanted === ours || wanted === ours.replace('linux/', '')) return;
  throw new DockerfileProblem(
    `FROM --platform=${wanted} is not supported: machines here are ${ours}`,
  );
}

function refuseLater(instruction: Instruction, index: number, { stages }: Dockerfile): void {
  if (instruction.kind !== 'copy' || instruction.from === undefined) return;
  const found = findStage(stages, instruction.from, { byNumber: true });
  const isNumber = /^\d+$/.test(instruction.from);
  if (found < index && !(found < 0 && isNumber)) return;
  throw new DockerfileProblem(
    found < 0
      ? `there is no stage ${instruction.from}`
      : `COPY --from=${instruction.from}: that stage is not before this one`,
  );
}

function targetOf({ stages }: Dockerfile, target: string | undefined, fileName: string): number {
  if (target === undefined) return stages.length - 1;
  const found = findStage(stages, target, { byNumber: true });
  if (found >= 0) return found;
  const names = stages.flatMap(({ name }) => name ?? []).join(', ');
  const line = stages[0]?.line ?? 1;
  const message = `there is no stage "${target}"${names === '' ? '' : `; there are ${names}`}`;
  throw invalidDockerfile(fileName, [{ line, message }]);
}
