/** Line (from 1) on which a dotted key of at most two parts is set in a TOML text; 1 when it cannot be told. */
export function lineOfKey(text: string, key: string): number {
  const dot = key.indexOf('.');
  const table = dot < 0 ? '' : key.slice(0, dot);
  const name = dot < 0 ? key : key.slice(dot + 1);
  let current = '';
  for (const [index, line] of text.split('\n').entries()) {
    const header = /^\s*\[+\s*([^\]]+?)\s*\]+/.exec(line);
    if (header !== null) {
      current = header[1] ?? '';
      if (current === key) return index + 1;
      continue;
    }
    const assigned = /^\s*["']?([\w.-]+)["']?\s*=/.exec(line)?.[1];
    if (assigned === undefined) continue;
    const inTable = current === table && assigned === name;
    if (inTable || (current === '' && assigned === key)) return index + 1;
  }
  return 1;
}
