import type { Result } from './result.ts';

const HEADINGS = ['benchmark', 'value', 'floor', 'ratio', 'goal', 'runs', ''] as const;

/** The results as aligned text: what a person wants to know first. Pure. */
export function table(results: readonly Result[]): string {
  const rows = [HEADINGS, ...results.map(row)];
  const widths = HEADINGS.map((_, column) => {
    return Math.max(...rows.map((cells) => (cells[column] ?? '').length));
  });
  const lines = rows.map((cells) => {
    const padded = cells.map((cell, column) => {
      const width = widths[column] ?? 0;
      return column === 0 ? cell.padEnd(width) : cell.padStart(width);
    });
    return padded.join('  ').trimEnd();
  });
  return lines.join('\n');
}

function row(result: Result): readonly string[] {
  const { id, ratio, goal, runs } = result;
  const [value, floor] =
    'value_ms' in result
      ? [`${String(result.value_ms)} ms`, `${String(result.floor_ms)} ms`]
      : [`${String(result.value_mib)} MiB`, `${String(result.floor_mib)} MiB`];
  const aim = goal === null ? '' : `≤ ${String(goal)}`;
  const verdict = goal === null ? '' : ratio <= goal ? 'met' : 'missed';
  return [id, value, floor, ratio.toFixed(2), aim, String(runs), verdict];
}
