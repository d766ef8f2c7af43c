import type { World } from '../world.ts';
import { writeAll } from '../write-all.ts';
import { liveCandidates } from './live-candidates.ts';
import type { LiveName } from './live-kinds.ts';
import { splitLine } from './split-line.ts';
import { wantedFor, type Candidate } from './wanted.ts';

/** What the scripts of `banger completion` ask: `banger __complete --line=… | -- WORD…` */
export const COMPLETE = '__complete';

/** A shell waits for this, and so does who types. */
const LIVE_MS = 1000;

/**
 * Says what may stand at the end of a command line, which is given as it is, with the name of the program, or as words
 * without it. A line per candidate, `text<TAB>about`; `:files` first where files of the host fit too. Never fails.
 */
export async function answerCompletion(args: readonly string[], world: World): Promise<number> {
  const [first = '', ...rest] = args;
  const words = first.startsWith('--line=') ? splitLine(first.slice(7)).slice(1) : rest;
  const { candidates, live, files, prefix = '' } = wantedFor(words);
  const typed = (words.at(-1) ?? '').slice(prefix.length);
  const all = [...candidates, ...(await liveOnes(live, world))];
  const lines = all
    .filter(({ text }) => text.startsWith(typed))
    .map(({ text, about }) => `${prefix}${text}\t${about.replaceAll(/\s+/g, ' ')}`);
  const answer = files === true ? [':files', ...lines] : lines;
  await writeAll(world.stdout, answer.map((line) => `${line}\n`).join(''));
  return 0;
}

/** None without a daemon, or when it does not answer soon; none is started. */
async function liveOnes(live: LiveName | undefined, world: World): Promise<readonly Candidate[]> {
  if (live === undefined) return [];
  const { connectToDaemon } = await import('../connect-to-daemon.ts');
  try {
    using banger = connectToDaemon({ world, note: () => undefined, startsDaemon: false });
    return await liveCandidates(banger, live, AbortSignal.timeout(LIVE_MS));
  } catch {
    return [];
  }
}
