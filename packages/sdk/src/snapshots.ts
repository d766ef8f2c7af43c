import { api } from '@banger/protocol/api';
import type { Snapshot, Vm } from '@banger/protocol/vm';

import type { CallOptions } from './call-options.ts';
import type { Caller } from './caller.ts';

/** Memory, devices and disks of VMs at one instant, to go back to. They go with their VM. */
export interface Snapshots {
  /** Oldest first. */
  list(vm: string, options?: CallOptions): Promise<readonly Snapshot[]>;
  /** Of a running or paused VM, which is afterwards as it was; the daemon makes up a name from the time. */
  create(vm: string, name?: string, options?: CallOptions): Promise<Snapshot>;
  /** Resolves when the VM runs on from the snapshot; what came after it is lost. It may be restored again. */
  restore(vm: string, name: string, options?: CallOptions): Promise<Vm>;
  delete(vm: string, name: string, options?: CallOptions): Promise<void>;
}

export function createSnapshots({ call }: Caller): Snapshots {
  return {
    list: (vm, options = {}) => call(api.listSnapshots, { vm }, options),
    create: (vm, name, options = {}) => call(api.createSnapshot, { vm, name }, options),
    restore: (vm, name, options = {}) => call(api.restoreSnapshot, { vm, snapshot: name }, options),
    delete: async (vm, name, options = {}) => {
      await call(api.deleteSnapshot, { vm, snapshot: name }, options);
    },
  };
}
