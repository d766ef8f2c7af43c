import { daemonSocket } from '@banger/protocol/runtime-dir';

import { defineCommand } from '../command.ts';
import { operands } from '../operands.ts';

export const daemonSocketCommand = defineCommand({
  name: 'daemon socket',
  summary: "Print the path of the daemon's socket",
  operands: operands.none,
  flags: {},
  examples: ['curl --unix-socket "$(banger daemon socket)" http://banger/v1/daemon'],
  calls: [],
  daemon: 'never',
  async run(_, { out, world }) {
    const socket = daemonSocket(world);
    await out.result(socket, { socket });
    return 0;
  },
});
