import { defineCommand } from '../command.ts';
import { operands } from '../operands.ts';

export const versionCommand = defineCommand({
  name: 'version',
  summary: 'Print the version of this program',
  operands: operands.none,
  flags: {},
  examples: ['banger version', 'banger version --json'],
  calls: [],
  daemon: 'never',
  async run(_, { out, world }) {
    const { version, id, time } = world.build;
    const value = { version, build: { id, time }, node: process.versions.node };
    await out.result(`banger ${version} (build ${id})`, value);
    return 0;
  },
});
