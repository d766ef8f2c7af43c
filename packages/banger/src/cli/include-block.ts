/**
 * The one block that banger has in the user's ~/.ssh/config. It is at the top, because an Include below a `Host` would
 * only be for that host. Texts are of single bytes (latin1), so that whatever else is in the file stays as it is.
 */
const BEGIN = '# >>> banger: written by "banger ssh-config --install", removed by "--uninstall"\n';
const END = '# <<< banger\n';

/** With the block, once and at the top, whatever was there of it. Pure. */
export function withInclude(text: string, configFile: string): string {
  return `${block(configFile)}${withoutInclude(text)}`;
}

/** Byte for byte what it was before the block. Pure. */
export function withoutInclude(text: string): string {
  let rest = text;
  for (;;) {
    const begin = rest.indexOf(BEGIN);
    const end = begin === -1 ? -1 : rest.indexOf(END, begin);
    if (end === -1) return rest;
    rest = rest.slice(0, begin) + rest.slice(end + END.length);
  }
}

/** Whether the block is at the top, where it counts. Pure. */
export function hasInclude(text: string, configFile: string): boolean {
  return text.startsWith(block(configFile));
}

function block(configFile: string): string {
  const path = Buffer.from(configFile).toString('latin1');
  return `${BEGIN}Include "${path}"\n${END}`;
}
