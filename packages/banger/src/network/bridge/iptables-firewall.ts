import type { Clock } from '../../host/clock.ts';
import type { Processes } from '../../host/processes.ts';
import { createSystemClock } from '../../host/system-clock.ts';
import type { Ensured, Firewall } from './firewall.ts';
import { ebtablesTables, iptablesTables, noTables, type ChainTable } from './iptables-rules.ts';
import { restoreLines } from './restore-lines.ts';

const DEADLINE_MS = 15_000;
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

/** How long a caller stands back whom others were in the way of: as long as a change takes, then twice that, and so on. */
const FIRST_PAUSE_MS = 60;
const LONGEST_PAUSE_MS = 1000;

/**
 * By iptables(8), and ebtables(8) in its nf_tables form: the older one cannot add to what is there in one go. From a look to
 * a change there is no transaction, so of several callers at once one may find that its change no longer fits. It stands
 * back for a while, each for another one, and says so: what the rules are to be may have changed with what was in the way.
 */
export function createIptablesFirewall(
  processes: Processes,
  id: string,
  clock: Clock = createSystemClock(),
): Firewall {
  const ip = createRules(processes, id, 'iptables');
  const eb = createRules(processes, id, 'ebtables');
  let inTheWay = 0;
  const standBack = async (signal: AbortSignal) => {
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** inTheWay);
    inTheWay += 1;
    await clock.wait(pauseMs * (0.5 + Math.random()), signal);
  };
  return {
    name: 'iptables',
    async ensure(rules, signal) {
      // One after the other: each fails when the kernel's tables change while it works.
      const first = await ip(rules === undefined ? noTables : iptablesTables(id, rules), signal);
      const second =
        first.contended === undefined
          ? await eb(rules === undefined ? noTables : ebtablesTables(id, rules), signal)
          : first;
      const changed = first.changed || second.changed;
      const { contended } = second;
      if (contended === undefined) inTheWay = 0;
      else await standBack(signal);
      return { changed, contended };
    },
  };
}

type EnsureTables = (tables: readonly ChainTable[], signal: AbortSignal) => Promise<Ensured>;

function createRules(
  processes: Processes,
  id: string,
  program: 'iptables' | 'ebtables',
): EnsureTables {
  /** What was said last, and how it is said back: as long as it is, there is nothing to do */
  let known: { readonly text: string; readonly listing: string } | undefined;

  const run = (command: readonly [string, ...string[]], signal: AbortSignal, stdin = '') =>
    processes.run(command, {
      ...{ stdin, maxOutputBytes: MAX_OUTPUT_BYTES },
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
    });

  return async (tables, signal) => {
    const text = JSON.stringify(tables);
    const saved = await run([`${program}-save`], signal);
    if (saved.exitCode !== 0) return refused(`${program}-save`, saved.stderr);
    const before = ours(saved.stdout, id);
    if (known?.text === text && known.listing === before) return { changed: false };
    const lines = restoreLines({ id, program, saved: saved.stdout }, tables);
    if (lines.length === 0) return { changed: false };
    const wait = program === 'iptables' ? ['--wait', '5'] : [];
    const stdin = `${lines.join('\n')}\n`;
    const restored = await run([`${program}-restore`, '--noflush', ...wait], signal, stdin);
    if (restored.exitCode !== 0) return refused(`${program}-restore`, restored.stderr);

    const after = await run([`${program}-save`], signal);
    if (after.exitCode !== 0) return refused(`${program}-save`, after.stderr);
    const isRight = restoreLines({ id, program, saved: after.stdout }, tables).every(isChainLine);
    if (!isRight) return { changed: true, contended: `another caller of "${program}" is at it` };
    const listing = ours(after.stdout, id);
    known = { text, listing };
    return { changed: listing !== before };
  };
}

/** Somebody was faster, or it cannot be: told when it goes on like this. */
function refused(program: string, stderr: string): Ensured {
  return { changed: true, contended: `"${program}" says: ${stderr.trim().replaceAll('\n', ' ')}` };
}

/** Chains are written anew whatever is in them; anything else is a rule too many or too few of the kernel's. */
function isChainLine(line: string): boolean {
  return !/^-[DIFX] /.test(line);
}

function ours(saved: string, id: string): string {
  const lines = saved.split('\n').filter((line) => line.includes(`BANGER-${id}-`));
  return lines.map((line) => line.replace(/ \[\d+:\d+\]$/, '')).join('\n'); // Counters
}
