import { BangerError } from '@banger/protocol/errors';

/** What is wrong with one instruction. Carries no place: whoever reads instruction after instruction knows it. */
export class DockerfileProblem extends Error {
  override readonly name = 'DockerfileProblem';
}

export interface PlacedProblem {
  readonly line: number;
  readonly message: string;
}

const MOST_SHOWN = 5;

/** One error for all that is wrong: `Dockerfile:3: …; Dockerfile:9: …`. */
export function invalidDockerfile(
  fileName: string,
  problems: readonly PlacedProblem[],
): BangerError {
  const shown = problems
    .slice(0, MOST_SHOWN)
    .map(({ line, message }) => `${fileName}:${String(line)}: ${message}`);
  const more = problems.length - shown.length;
  if (more > 0) shown.push(`and ${String(more)} more`);
  return new BangerError('build.invalid', shown.join('; '), {
    hint: 'docs/dockerfile.md has what is supported',
    details: { problems },
  });
}
