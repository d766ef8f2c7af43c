import type { ChainTable } from './iptables-rules.ts';

export interface Saved {
  readonly id: string;
  readonly program: 'iptables' | 'ebtables';
  /** As `iptables-save` prints it */
  readonly saved: string;
}

/** For `iptables-restore --noflush`: from what is there to just these rules of ours. None: there is nothing to do. Pure. */
export function restoreLines(found: Saved, tables: readonly ChainTable[]): readonly string[] {
  return tables.flatMap((table) => {
    const lines = tableLines(found, table);
    return lines.length === 0 ? [] : [`*${table.table}`, ...lines, 'COMMIT'];
  });
}

function tableLines({ id, program, saved }: Saved, { table, chains, jumps }: ChainTable): string[] {
  const mark = `BANGER-${id}-`;
  const section = sectionOf(saved, table);
  const chainsThere = section.flatMap((line) => /^:(\S+)/.exec(line)?.[1] ?? []);
  const stale = chainsThere.filter((name) => name.startsWith(mark) && !(name in chains));
  const jumpsThere = section
    .filter((line) => line.startsWith('-A ') && !line.startsWith(`-A ${mark}`))
    .map((line) => line.slice('-A '.length))
    .filter((rule) => rule.includes(`-j ${mark}`));
  const policy = program === 'iptables' ? '- [0:0]' : 'DROP';

  return [
    ...Object.keys(chains).map((name) => `:${name} ${policy}`),
    ...Object.entries(chains).flatMap(([name, rules]) => rules.map((rule) => `-A ${name} ${rule}`)),
    // Of two callers at once, each may have added the same one.
    ...jumpsThere
      .filter((rule, index) => !jumps.includes(rule) || jumpsThere.indexOf(rule) < index)
      .map((rule) => `-D ${rule}`),
    ...jumps.filter((rule) => !jumpsThere.includes(rule)).map((rule) => `-I ${rule}`),
    ...stale.map((name) => `-F ${name}`),
    ...stale.map((name) => `-X ${name}`),
  ];
}

function sectionOf(saved: string, table: string): readonly string[] {
  const lines = saved.split('\n');
  const begin = lines.indexOf(`*${table}`);
  if (begin < 0) return [];
  const next = lines.findIndex((line, index) => index > begin && line.startsWith('*'));
  return lines.slice(begin + 1, next < 0 ? undefined : next);
}
