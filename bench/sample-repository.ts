import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { runToEnd } from '../test/support/run-to-end.ts';

const FILES = 5000;
const FILE_BYTES = 10_000;
const DIRECTORIES = 100;
const COMMITS = 5;

/** A git checkout of 5,000 files and 50 MB of text like source code, the same each time, with a little history. */
export async function makeSampleRepository(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  const git = async (...args: readonly string[]) => {
    const { status, stderr } = await runToEnd(['git', '-C', dir, ...identity, ...args], {});
    if (status !== 0) throw new Error(`git ${args.join(' ')} failed:\n${stderr}`);
  };
  await git('init', '--quiet', '--initial-branch', 'main');
  const random = numbers(1);
  for (let index = 0; index < FILES; index += 1) {
    const folder = join(dir, `src/part-${String(index % DIRECTORIES)}`);
    if (index < DIRECTORIES) await mkdir(folder, { recursive: true });
    await writeFile(join(folder, `file-${String(index)}.ts`), sourceText(random));
  }
  await git('add', '--all');
  await git('commit', '--quiet', '--message', 'first');
  for (let commit = 1; commit < COMMITS; commit += 1) {
    await writeFile(join(dir, 'src/part-0/file-0.ts'), sourceText(random));
    await git('commit', '--quiet', '--all', '--message', `change ${String(commit)}`);
  }
}

const identity = ['-c', 'user.name=Bench', '-c', 'user.email=bench@example.com'];

const words = 'const let if else return import export from await async string number this'.split(
  ' ',
);

function sourceText(random: () => number): string {
  let text = '';
  while (text.length < FILE_BYTES) {
    const word = words[Math.floor(random() * words.length)] ?? '';
    const name = Math.floor(random() * 1e6).toString(36);
    text += `${word} ${name} = ${name.length > 3 ? `${name}(${word})` : name};\n`;
  }
  return text.slice(0, FILE_BYTES);
}

/** A linear congruential generator (Numerical Recipes): the same text on every machine. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
