/** A label and its text; without a text it is left out. */
export type Field = readonly [label: string, text: string | undefined];

/** `label:  text` lines, the texts below each other. */
export function fields(all: readonly Field[]): readonly string[] {
  const width = Math.max(...all.map(([label]) => label.length)) + 1;
  return all.flatMap(([label, text]) =>
    text === undefined ? [] : [`${`${label}:`.padEnd(width)}  ${text}`],
  );
}
