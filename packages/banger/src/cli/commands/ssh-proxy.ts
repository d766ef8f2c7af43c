import { finished } from 'node:stream/promises';

import { defineCommand } from '../command.ts';
import { refuse } from '../flags.ts';
import type { Operands } from '../operands.ts';

const HOST = /^(.+)\.vm$/;

const place: Operands<{ readonly vm: string; readonly port: number }> = {
  usage: '<vm>.vm <port>',
  min: 1,
  max: 2,
  read([host = '', port = '22']) {
    const vm = HOST.exec(host)?.[1] ?? refuse(`"${host}" does not end in ".vm"`);
    if (!/^\d{1,5}$/.test(port)) refuse(`"${port}" is no port`);
    return { vm, port: Number(port) };
  },
};

/** What ssh runs to reach a VM (`ProxyCommand`). Not among the commands that people are shown. */
export const sshProxyCommand = defineCommand({
  name: 'ssh-proxy',
  summary: 'Join stdin and stdout to a port of a running VM',
  operands: place,
  flags: {},
  examples: ['ssh -o ProxyCommand="banger ssh-proxy %h %p" web.vm'],
  calls: [],
  daemon: 'never',
  async run({ operand: { vm, port } }, { connect, world, signal, interrupts }) {
    const banger = await connect();
    const stream = await banger.vms.dial(vm, port, { signal });
    // ssh says itself what becomes of its connection when it is interrupted, and this program with it.
    using _ = interrupts.divert(() => stream.destroy());
    world.stdin.pipe(stream);
    stream.pipe(world.stdout, { end: false });
    await finished(stream, { writable: false, signal }).catch((error: unknown) => {
      if (!stream.destroyed || stream.errored !== null) throw error;
    });
    return 0;
  },
});
