import type { ConfigValue } from '@banger/protocol/doctor';
import { formatMib } from '@banger/protocol/size';

const PREFIX = 'vm_defaults.';
const COUNTS = ['vcpu', 'disk_iops'];

/** What VMs get that ask for nothing else, with where that is said: `memory 512M (host)`. */
export function vmDefaultTexts(config: readonly ConfigValue[]): readonly string[] {
  return config
    .filter(({ key }) => key.startsWith(PREFIX))
    .map(({ key, value, origin }) => {
      const name = key.slice(PREFIX.length);
      return `${name} ${textOf(name, value)} (${origin})`;
    });
}

function textOf(name: string, value: unknown): string {
  if (typeof value !== 'number' || COUNTS.includes(name)) return String(value);
  return name.endsWith('_bandwidth') ? `${formatMib(value)}/s` : formatMib(value);
}
