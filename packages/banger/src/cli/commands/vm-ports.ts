import type { Banger, VmPort } from '@banger/sdk';

import { defineCommand } from '../command.ts';
import { operands } from '../operands.ts';
import { fulfilled } from '../report-each.ts';
import { reportError } from '../error-report.ts';

export const vmPortsCommand = defineCommand({
  name: 'vm ports',
  summary: 'List what listens in VMs, and how it is reached from here',
  details: [
    'Of all running VMs unless some are named. ENDPOINT is what to use on this host: a link where the listener speaks HTTP, "<name>.vm:port" where names of VMs resolve (see "banger doctor"), else an address.',
    'Every TCP port that a guest opens answers on the VM\'s own address (see "banger ps") within a second, and closes with it. UDP ports are listed and not forwarded.',
  ],
  operands: operands.any('vm'),
  flags: {},
  examples: [
    'banger vm ports',
    'banger vm ports web db --json',
    'curl "$(banger vm ports web --json | jq -r \'.[0].endpoint\')"',
  ],
  calls: ['vmPorts', 'listVms'],
  async run({ operand }, { connect, out, signal }) {
    const banger = await connect();
    const named = operand.length > 0 ? [...new Set(operand)] : await everyone(banger, signal);
    const lists = await Promise.allSettled(named.map((vm) => banger.vms.ports(vm, { signal })));
    signal.throwIfAborted();
    const failed = lists.filter((list) => list.status === 'rejected');
    for (const { reason } of failed) {
      for (const line of reportError(reason, out.isVerbose)) out.note(line);
    }
    const columns = { header, row, id: ({ endpoint }: VmPort) => endpoint ?? '', isQuiet: false };
    await out.list(fulfilled(lists).flat(), columns);
    return failed.length > 0 ? 1 : 0;
  },
});

async function everyone(banger: Banger, signal: AbortSignal): Promise<readonly string[]> {
  const vms = await banger.vms.list({}, { signal });
  return vms.filter(({ state }) => ['running', 'paused'].includes(state.name)).map(({ id }) => id);
}

const header = ['VM', 'PROTO', 'PORT', 'PROCESS', 'ENDPOINT'];

function row({ vm, protocol, port, process, endpoint, problem }: VmPort): readonly string[] {
  const way = [endpoint ?? '-', ...(problem === null ? [] : [`(${problem})`])].join(' ');
  return [vm, protocol, String(port), process ?? '-', way];
}
