/** `850 ms`, `3.2 s`, `1m12s`: how long something took. */
export function formatTook(milliseconds: number): string {
  if (milliseconds < 1000) return `${milliseconds.toFixed(0)} ms`;
  if (milliseconds < 60_000) return `${(milliseconds / 1000).toFixed(1)} s`;
  return formatSpan(milliseconds);
}

/** `42s`, `3m12s`, `5h07m`, `12d3h`: how long something lasts. */
export function formatSpan(milliseconds: number): string {
  const seconds = Math.floor(milliseconds / 1000);
  const minutes = Math.floor(seconds / 60);
  const hours = Math.floor(minutes / 60);
  const two = (value: number) => String(value).padStart(2, '0');
  if (seconds < 60) return `${String(seconds)}s`;
  if (minutes < 60) return `${String(minutes)}m${two(seconds % 60)}s`;
  if (hours < 24) return `${String(hours)}h${two(minutes % 60)}m`;
  return `${String(Math.floor(hours / 24))}d${String(hours % 24)}h`;
}
