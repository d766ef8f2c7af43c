import { defineCommand } from '../command.ts';
import { createRequest } from '../create-request.ts';
import { flag } from '../flags.ts';
import { noteTimings, timingsFlag } from '../note-timings.ts';
import { operands } from '../operands.ts';
import { specFlags } from '../vm-flags.ts';

export const vmCreateCommand = defineCommand({
  name: 'vm create',
  summary: 'Create a VM and wait until it is ready',
  details: ['Prints the name. A missing image or kernel is pulled or built first.'],
  operands: operands.none,
  flags: {
    ...specFlags,
    noStart: flag.boolean('Only make it; "vm start" starts it'),
    ...timingsFlag,
  },
  examples: [
    'banger vm create --name web',
    'banger vm create --image debian-bookworm-slim --memory 512M --no-start',
  ],
  calls: ['createVm', 'showVm'],
  async run({ flags }, context) {
    const banger = await context.connect();
    const request = { ...createRequest(flags), start: !flags.noStart, keep: true };
    const { id, name, record } = await banger.vms.create(request, context.work);
    if (flags.timings) await noteTimings(banger, id, context);
    await context.out.result(name, record);
    return 0;
  },
});
