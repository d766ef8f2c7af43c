import { z } from 'zod';

import { Reference } from './names.ts';
import { VmPort } from './port.ts';
import { route } from './route.ts';

/** What listens in guests. */
export const portsApi = {
  vmPorts: route({
    method: 'GET',
    path: '/v1/vms/:vm/ports',
    summary: 'What listens in a running VM, and how it is reached from the host',
    input: z.object({ vm: Reference }),
    output: z.array(VmPort),
    errors: ['vm.not_found', 'vm.ambiguous', 'vm.not_running', 'guest.unreachable'],
  }),
};
