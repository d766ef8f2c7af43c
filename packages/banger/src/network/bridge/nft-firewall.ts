import { BangerError } from '@banger/protocol/errors';

import type { Processes } from '../../host/processes.ts';
import type { Firewall } from './firewall.ts';
import { nftRemoval, nftRules, nftTable } from './nft-rules.ts';

const DEADLINE_MS = 10_000;
const MAX_OUTPUT_BYTES = 8 * 1024 * 1024;

export function createNftFirewall(processes: Processes, id: string): Firewall {
  /** What was said last, and how the kernel says it back: as long as it does, there is nothing to do */
  let known: { readonly text: string; readonly listing: string } | undefined;

  const run = (args: readonly string[], signal: AbortSignal, stdin = '') =>
    processes.run(['nft', ...args], {
      ...{ stdin, maxOutputBytes: MAX_OUTPUT_BYTES },
      signal: AbortSignal.any([signal, AbortSignal.timeout(DEADLINE_MS)]),
    });
  const list = async (signal: AbortSignal) => {
    const families = await Promise.all(
      ['bridge', 'inet'].map((family) => run(['list', 'table', family, nftTable(id)], signal)),
    );
    return families.map(({ stdout }) => stdout).join('');
  };
  return {
    name: 'nftables',
    async ensure(rules, signal) {
      const text = rules === undefined ? nftRemoval(id) : nftRules(id, rules);
      // News are told without a look: every VM that starts waits for this.
      const isNews = known !== undefined && known.text !== text;
      const before = isNews ? undefined : await list(signal);
      if (known?.text === text && known.listing === before) return { changed: false };
      if (rules === undefined && before === '') return { changed: false };
      const { exitCode, stderr } = await run(['-f', '-'], signal, text);
      if (exitCode !== 0) throw failed(stderr);
      known = { text, listing: await list(signal) };
      return { changed: before === undefined || inOrder(before) !== inOrder(known.listing) };
    },
  };
}

/** Elements of a set come in the order of their hashes, which changes with every table. */
function inOrder(listing: string): string {
  return listing
    .split(/[\n,]/)
    .map((part) => part.replaceAll(/[{}]|elements =/g, '').trim())
    .sort()
    .join('\n');
}

function failed(stderr: string): BangerError {
  const why = stderr.trim().replaceAll('\n', ' ');
  return new BangerError(
    'host.network_unavailable',
    `Cannot set the rules of the bridge: "nft" says: ${why}`,
    { hint: 'banger doctor' },
  );
}
