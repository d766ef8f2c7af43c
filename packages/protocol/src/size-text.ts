const UNITS_MIB: Readonly<Record<string, number>> = { '': 1, M: 1, G: 1024, T: 1024 * 1024 };
const SIZE = /^(\d+(?:\.\d+)?)\s*([MGT]?)(?:i?B?)$/i;

/** 64 TiB: more than any host has and less than where numbers stop being exact. */
export const MAX_MIB = 64 * 1024 * 1024;

/** `512M`, `4G`, `16GiB` or a bare number of MiB, as whole MiB; undefined when it is none of these, or above the most. */
export function parseMib(text: string): number | undefined {
  const match = SIZE.exec(text.trim());
  if (match === null) return undefined;
  const [, amount = '', unit = ''] = match;
  const mib = Number(amount) * (UNITS_MIB[unit.toUpperCase()] ?? Number.NaN);
  return Number.isSafeInteger(mib) && mib > 0 && mib <= MAX_MIB ? mib : undefined;
}

/** The shortest exact form: `512M`, `4G`. */
export function formatMib(mib: number): string {
  return mib % 1024 === 0 ? `${String(mib / 1024)}G` : `${String(mib)}M`;
}

/** `512 B`, `3.4 MiB`, `1.2 GiB` */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value >= 100 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit] ?? ''}`;
}

const DURATION_UNITS_MS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** `90s`, `10m`, `2h` as milliseconds; undefined when it is not a duration. */
export function parseDurationMs(text: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/.exec(text.trim());
  if (match === null) return undefined;
  const milliseconds = Number(match[1]) * (DURATION_UNITS_MS[match[2] ?? ''] ?? Number.NaN);
  return Number.isFinite(milliseconds) && milliseconds > 0 ? Math.round(milliseconds) : undefined;
}
