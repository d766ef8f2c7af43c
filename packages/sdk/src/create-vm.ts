import { api } from '@banger/protocol/api';
import type { CreateVmRequest } from '@banger/protocol/vm-requests';
import type { z } from 'zod';

import type { CallOptions } from './call-options.ts';
import type { Caller } from './caller.ts';
import { ownedVm, VmHandle } from './vm-handle.ts';

/** What `vms.create` takes: the spec, and whether the VM outlives its handle. */
export interface CreateOptions extends Readonly<
  Omit<z.input<typeof CreateVmRequest>, 'ephemeral'>
> {
  /**
   * False (the default): the VM is leased. Disposing the handle deletes it, and so does the end of this process, however
   * it ends. True: the VM stays until somebody deletes it, and disposing the handle does nothing.
   */
  readonly keep?: boolean | undefined;
}

/** Creates a VM; resolves when its guest is ready (or, with `start: false`, when it is made). */
export async function createVm(
  caller: Caller,
  { keep = false, ...request }: CreateOptions,
  options: CallOptions,
): Promise<VmHandle> {
  const work = await caller.begin(api.createVm, { ...request, ephemeral: !keep }, options);
  caller.transport.expectSocket?.(); // Most VMs are made to run a command in.
  if (keep) {
    await work.ended;
    return new VmHandle(caller, work.result);
  }
  work.unref(); // A program that has nothing else to do may end, and its VM with it.
  return ownedVm(caller, work);
}
