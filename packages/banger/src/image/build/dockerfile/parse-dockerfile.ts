import type { ArgInstruction, Dockerfile, Instruction, StageSource } from './dockerfile.ts';
import { DockerfileProblem, invalidDockerfile, type PlacedProblem } from './problems.ts';
import { readInstruction } from './read-instruction.ts';
import { readLines, type LogicalLine } from './read-lines.ts';
import { refuseFlags } from './refuse-flags.ts';
import { plainWords, splitInstruction } from './split-instruction.ts';

/** Larger ones are something else. */
export const MAX_DOCKERFILE_BYTES = 4 * 1024 * 1024;

/** @throws BangerError `build.invalid` with every line that is wrong */
export function parseDockerfile(source: string, fileName: string): Dockerfile {
  const { escape, directives, lines, problems: found } = readLines(source);
  const problems: PlacedProblem[] = [...found];
  const globalArgs: ArgInstruction[] = [];
  const stages: OpenStage[] = [];
  for (const line of lines) {
    try {
      if (isFrom(line, escape)) stages.push(readFrom(line, escape));
      else take(readInstruction(line, escape), stages.at(-1), globalArgs);
    } catch (error) {
      if (!(error instanceof DockerfileProblem)) throw error;
      problems.push({ line: line.line, message: error.message });
    }
  }
  if (stages.length === 0 && problems.length === 0) {
    problems.push({ line: 1, message: 'there is no FROM' });
  }
  if (problems.length > 0) {
    throw invalidDockerfile(
      fileName,
      problems.toSorted((a, b) => a.line - b.line),
    );
  }
  return { escape, globalArgs, stages, warnings: warningsOf(directives, fileName) };
}

interface OpenStage extends StageSource {
  readonly instructions: Instruction[];
}

function isFrom({ text }: LogicalLine, escape: string): boolean {
  return splitInstruction(text, escape).keyword === 'from';
}

function readFrom({ line, text }: LogicalLine, escape: string): OpenStage {
  const split = splitInstruction(text, escape);
  refuseFlags(split);
  const [base, as, name, ...more] = plainWords(split.rest);
  const isNamed = as?.toLowerCase() === 'as' && name !== undefined;
  if (base === undefined || more.length > 0 || (as !== undefined && !isNamed)) {
    throw new DockerfileProblem('FROM needs an image, and perhaps AS and a name');
  }
  if (isNamed && !/^[a-z][a-z0-9_.-]*$/i.test(name)) {
    throw new DockerfileProblem(`"${name}" cannot be the name of a stage: use a-z, 0-9, - _ .`);
  }
  const platform = split.flags.get('platform');
  return { line, base, platform, name: name?.toLowerCase(), instructions: [] };
}

function take(
  instruction: Instruction,
  stage: OpenStage | undefined,
  globalArgs: ArgInstruction[],
): void {
  if (stage !== undefined) stage.instructions.push(instruction);
  else if (instruction.kind === 'arg') globalArgs.push(instruction);
  else throw new DockerfileProblem('there is no FROM before it; only ARG may come first');
}

function warningsOf(directives: ReadonlyMap<string, string>, fileName: string): string[] {
  const syntax = directives.get('syntax');
  if (syntax === undefined) return [];
  return [`${fileName}: "# syntax=${syntax}" has no effect: banger reads Dockerfiles itself`];
}
