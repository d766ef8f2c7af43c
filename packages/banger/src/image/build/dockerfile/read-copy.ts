import type { CopyInstruction, Heredoc } from './dockerfile.ts';
import { heredocOf } from './find-heredocs.ts';
import { readJsonList } from './json-list.ts';
import { DockerfileProblem } from './problems.ts';
import { plainWords, type SplitInstruction } from './split-instruction.ts';

type CopyParts = Omit<CopyInstruction, 'kind' | 'line' | 'text'>;

export function readCopy(
  { keyword, flags, rest }: SplitInstruction,
  heredocs: readonly Heredoc[],
  escape: string,
): CopyParts {
  const what = keyword.toUpperCase();
  const words = readJsonList(rest) ?? plainWords(rest);
  const destination = words.at(-1);
  if (destination === undefined || words.length < 2) {
    throw new DockerfileProblem(`${what} needs a source and a destination`);
  }
  const isInline = (word: string) =>
    heredocs.some(({ name }) => name === heredocOf(word, escape)?.name);
  const sources = words.slice(0, -1).filter((word) => !isInline(word));
  for (const source of sources) refuseRemote(keyword, source);
  if (words.length > 2 && !destination.endsWith('/') && !/[$.]/.test(destination)) {
    throw new DockerfileProblem(
      `${what} of several sources needs a directory: "${destination}/", with a slash at its end`,
    );
  }
  return {
    sources,
    destination,
    inline: heredocs,
    from: flags.get('from'),
    chown: flags.get('chown'),
    chmod: flags.get('chmod'),
  };
}

function refuseRemote(keyword: string, source: string): void {
  if (keyword !== 'add' || !/^(?:https?:\/\/|git@|git:\/\/|ssh:\/\/)/i.test(source)) return;
  throw new DockerfileProblem(
    `ADD of "${source}" is not supported: ADD fetches nothing; use a RUN with curl or git`,
  );
}
