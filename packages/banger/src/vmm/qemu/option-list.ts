/** One `key=value,…` argument of QEMU. Commas in values are doubled, which is QEMU's own escape. */
export function optionList(
  first: string,
  options: Readonly<Record<string, string | number | boolean | undefined>>,
): string {
  const parts = Object.entries(options).map(([key, value]) => {
    if (value === undefined) return [];
    const text = typeof value === 'boolean' ? onOff(value) : String(value);
    return [`${key}=${text.replaceAll(',', ',,')}`];
  });
  return [first, ...parts.flat()].join(',');
}

function onOff(value: boolean): string {
  return value ? 'on' : 'off';
}
