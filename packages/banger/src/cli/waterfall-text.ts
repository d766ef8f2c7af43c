import type { Timing } from '@banger/sdk';

const BAR_WIDTH = 40;
const INDENT = '  ';

/**
 * One line for each part of a start: when it began, how long it took, and a bar of when within the whole. A part of a
 * part (`boot/root`) is indented below it; one whose beginning is not known has no bar.
 */
export function formatWaterfall(timings: readonly Timing[]): readonly string[] {
  const endMs = startTookMs(timings);
  const rows = timings.map((timing) => ({ ...timing, label: labelOf(timing, timings) }));
  const nameWidth = Math.max(0, ...rows.map(({ label }) => label.length));
  const timeWidth = milliseconds(endMs).length;
  return rows.map(({ label, atMs, ms }) => {
    const at = atMs === undefined ? '-' : milliseconds(atMs);
    const times = [at, milliseconds(ms)].map((text) => text.padStart(timeWidth)).join(INDENT);
    const bar = atMs === undefined ? '' : barOf(atMs, ms, endMs);
    return `${label.padEnd(nameWidth)}${INDENT}${times}${INDENT}${bar}`.trimEnd();
  });
}

/** How long the whole start took. */
export function startTookMs(timings: readonly Timing[]): number {
  return Math.max(0, ...timings.map(({ atMs = 0, ms }) => atMs + ms));
}

function labelOf({ name }: Timing, all: readonly Timing[]): string {
  const at = name.lastIndexOf('/');
  const isPart = at !== -1 && all.some((other) => other.name === name.slice(0, at));
  return isPart ? INDENT.repeat(name.split('/').length - 1) + name.slice(at + 1) : name;
}

function barOf(atMs: number, ms: number, endMs: number): string {
  const column = (value: number) => Math.round((value / Math.max(endMs, 1)) * BAR_WIDTH);
  const from = Math.min(column(atMs), BAR_WIDTH - 1);
  return ' '.repeat(from) + '━'.repeat(Math.max(1, column(atMs + ms) - from));
}

function milliseconds(value: number): string {
  return `${value.toFixed(1)} ms`;
}
