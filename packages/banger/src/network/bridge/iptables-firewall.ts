import { BangerError } from '@banger/protocol/errors';

import type { Processes } from '../../host/processes.ts';
import type { Firewall } from './firewall.ts';
import { ebtablesTables, iptablesTables, noTables, type ChainTable } from './iptables-rules.ts';
import { restoreLines } from './restore-lines.ts';

const DEADLINE_MS = 15_000;
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;
/** Others change tables, too */
const ATTEMPTS = 20;

/** By iptables(8), and ebtables(8) in its nf_tables form: the older one cannot add to what is there in one go. */
export function createIptablesFirewall(processes: Processes, id: string): Firewall {
  const ip = createRules(processes, id, 'iptables');
  const eb = createRules(processes, id, 'ebtables');
  return {
    name: 'iptables',
    async ensure(rules, signal) {
      // One after the other: each fails when the kernel's tables change while it works.
      const wasOtherwise = [
        await ip(rules === undefined ? noTables : iptablesTables(id, rules), signal),
        await eb(rules === undefined ? noTables : ebtablesTables(id, rules), signal),
      ];
      return wasOtherwise.includes(true);
    },
  };
}

function createRules(processes: Processes, id: string, program: 'iptables' | 'ebtables') {
  /** What was said last, and how it is said back: as long as it is, there is nothing to do */
  let known: { readonly text: string; readonly listing: string } | undefined;

  const run = async (command: readonly [string, ...string[]], signal: AbortSignal, stdin = '') => {
    const { exitCode, stdout, stderr } = await processes.run(command, {
      ...{ stdin, maxOutputBytes: MAX_OUTPUT_BYTES },
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
    });
    if (exitCode === 0) return stdout;
    const why = stderr.trim().replaceAll('\n', ' ');
    throw new BangerError(
      'host.network_unavailable',
      `Cannot set the rules of the bridge: "${command[0]}" says: ${why}`,
      { hint: 'banger doctor' },
    );
  };
  const save = (signal: AbortSignal) => run([`${program}-save`], signal);

  const attempt = async (tables: readonly ChainTable[], signal: AbortSignal) => {
    const text = JSON.stringify(tables);
    const saved = await save(signal);
    const before = ours(saved, id);
    if (known?.text === text && known.listing === before) return false;
    const lines = restoreLines({ id, program, saved }, tables);
    if (lines.length === 0) return false;
    const wait = program === 'iptables' ? ['--wait', '5'] : [];
    await run([`${program}-restore`, '--noflush', ...wait], signal, `${lines.join('\n')}\n`);
    const after = await save(signal);
    const listing = ours(after, id);
    const isRight = restoreLines({ id, program, saved: after }, tables).every(isChainLine);
    if (!isRight) throw new Error(`another caller of "${program}" was at it, too`);
    known = { text, listing };
    return listing !== before;
  };
  return async (tables: readonly ChainTable[], signal: AbortSignal): Promise<boolean> => {
    for (let left = ATTEMPTS - 1; left > 0; left -= 1) {
      try {
        return await attempt(tables, signal);
      } catch {
        signal.throwIfAborted(); // Otherwise somebody was faster, or the last attempt says what it is.
      }
    }
    return attempt(tables, signal);
  };
}

/** Chains are written anew whatever is in them; anything else is a rule too many or too few of the kernel's. */
function isChainLine(line: string): boolean {
  return !/^-[DIFX] /.test(line);
}

function ours(saved: string, id: string): string {
  const lines = saved.split('\n').filter((line) => line.includes(`BANGER-${id}-`));
  return lines.map((line) => line.replace(/ \[\d+:\d+\]$/, '')).join('\n'); // Counters
}
