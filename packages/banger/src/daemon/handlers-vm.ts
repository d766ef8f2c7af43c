import type { Disks } from '../disk/disks.ts';
import type { MonitorMemory } from '../host/process-memory.ts';
import { isAlive } from '../machine/decide.ts';
import type { Machines } from '../machine/machines.ts';
import type { RunningVms } from '../machine/running-vms.ts';
import type { HostSize } from '../machine/spec.ts';
import { describeVm, presentVm, type PresentDeps } from './describe-vm.ts';
import type { ExecRegistry } from './exec-registry.ts';
import type { Handlers } from './handler-table.ts';
import { vmStats } from './vm-stats.ts';

export interface VmHandlerDeps extends PresentDeps {
  readonly machines: Machines;
  readonly running: RunningVms;
  readonly execs: ExecRegistry;
  readonly disks: Disks;
  readonly hostSize: () => Promise<HostSize>;
  readonly monitorMemory: (pid: number) => Promise<MonitorMemory | undefined>;
}

type VmRoute =
  | 'listVms'
  | 'createVm'
  | 'showVm'
  | 'setVm'
  | 'deleteVm'
  | 'startVm'
  | 'stopVm'
  | 'restartVm'
  | 'killVm'
  | 'pruneVms'
  | 'vmStats'
  | 'createExec'
  | 'signalExec';

export function vmHandlers(deps: VmHandlerDeps): Pick<Handlers, VmRoute> {
  const { machines, execs } = deps;
  const present = (vm: { readonly record: Parameters<typeof presentVm>[0] }) =>
    presentVm(vm.record, deps);
  return {
    listVms: ({ all }) =>
      Promise.resolve(
        machines
          .all()
          .filter(({ record }) => all || isAlive(record.state))
          .map(present),
      ),
    createVm: async (request, operation) => present(await machines.create(request, operation)),
    showVm: ({ vm }) => describeVm(machines.find(vm).record, deps),
    async setVm({ vm: reference, ...change }, operation) {
      const vm = machines.find(reference);
      await vm.change(change, await deps.hostSize(), operation);
      return present(vm);
    },
    async deleteVm({ vm }, operation) {
      await machines.delete(machines.find(vm), operation);
      return {};
    },
    async startVm({ vm: reference }, operation) {
      const vm = machines.find(reference);
      await vm.start(operation);
      return present(vm);
    },
    async stopVm({ vm: reference, timeoutMs }, operation) {
      const vm = machines.find(reference);
      await vm.stop(operation, timeoutMs);
      return present(vm);
    },
    async restartVm({ vm: reference }, operation) {
      const vm = machines.find(reference);
      await vm.restart(operation);
      return present(vm);
    },
    async killVm({ vm: reference, signal }, operation) {
      const vm = machines.find(reference);
      await vm.kill(signal, operation);
      return present(vm);
    },
    async pruneVms(_, operation) {
      const records = await machines.prune(operation);
      return records.map((record) => presentVm(record, deps));
    },
    vmStats: ({ vm }, { signal }) => vmStats(machines.find(vm), deps, signal),
    createExec({ vm: reference, ...request }, operation) {
      const vm = machines.find(reference);
      const id = execs.create(vm, request, operation.id);
      const workspace = request.cwd === undefined ? vm.record.workspace : null;
      return Promise.resolve({ id, workspace });
    },
    signalExec({ exec, signal }) {
      execs.signal(exec, signal);
      return Promise.resolve({});
    },
  };
}
