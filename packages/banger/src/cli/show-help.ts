import { commands } from './command-table.ts';
import { commandHelp, generalHelp, overview } from './help-text.ts';
import type { World } from './world.ts';
import { writeAll } from './write-all.ts';

/** Help on one command, on a noun's, or on all. */
export async function showHelp(words: readonly string[], world: World): Promise<number> {
  const wanted = words.join(' ');
  const wantedOnes = commands.filter(
    ({ name }) => wanted === '' || name === wanted || name.startsWith(`${wanted} `),
  );
  const exact = wantedOnes.find(({ name }) => name === wanted);
  const lines =
    exact !== undefined
      ? commandHelp(exact)
      : wanted === ''
        ? generalHelp(wantedOnes)
        : overview(wantedOnes).slice(1);
  await writeAll(world.stdout, `${lines.join('\n')}\n`);
  return 0;
}
