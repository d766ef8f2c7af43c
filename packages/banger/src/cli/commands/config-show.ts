import { formatMib } from '@banger/protocol/size-text';

import { defineCommand } from '../command.ts';
import { operands } from '../operands.ts';
import { formatTable } from '../table.ts';

export const configShowCommand = defineCommand({
  name: 'config show',
  summary: 'Show each effective configuration value and where it came from',
  operands: operands.none,
  flags: {},
  examples: ['banger config show', 'banger config show --json'],
  calls: ['showConfig'],
  async run(_, { connect, out, signal }) {
    const banger = await connect();
    const values = await banger.config({ signal });
    const rows = values.map(({ key, value, origin, source }) => [
      key,
      valueText(key, value),
      source === undefined ? origin : `${origin} (${source})`,
    ]);
    await out.result(formatTable(['KEY', 'VALUE', 'ORIGIN'], rows), values);
    return 0;
  },
});

function valueText(key: string, value: unknown): string {
  if (typeof value === 'string') return value;
  const isSize = /\.(?:memory|disk_size|overlay_size)$/.test(key);
  return isSize && typeof value === 'number' ? formatMib(value) : JSON.stringify(value ?? null);
}
