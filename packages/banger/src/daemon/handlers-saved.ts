import type { Machines } from '../machine/machines.ts';
import type { Operation } from '../machine/operation.ts';
import type { Supervisor } from '../machine/supervisor.ts';
import { presentVm, type PresentDeps } from './describe-vm.ts';
import type { Handlers } from './handler-table.ts';

export interface SavedHandlerDeps extends PresentDeps {
  readonly machines: Machines;
}

type SavedRoute =
  | 'pauseVm'
  | 'resumeVm'
  | 'suspendVm'
  | 'listSnapshots'
  | 'createSnapshot'
  | 'restoreSnapshot'
  | 'deleteSnapshot'
  | 'forkVm'
  | 'listTemplates'
  | 'deleteTemplate'
  | 'pruneTemplates';

export function savedHandlers(deps: SavedHandlerDeps): Pick<Handlers, SavedRoute> {
  const { machines } = deps;
  const { saved, templates } = machines;
  const present = ({ record }: Supervisor) => presentVm(record, deps);
  const change =
    (verb: 'pause' | 'resume' | 'suspend') =>
    async ({ vm: reference }: { readonly vm: string }, operation: Operation) => {
      const vm = machines.find(reference);
      await saved[verb](vm, operation);
      return present(vm);
    };
  return {
    pauseVm: change('pause'),
    resumeVm: change('resume'),
    suspendVm: change('suspend'),
    listSnapshots: ({ vm }) => Promise.resolve(machines.find(vm).record.snapshots),
    createSnapshot: ({ vm, name }, operation) => saved.snapshot(machines.find(vm), name, operation),
    async restoreSnapshot({ vm: reference, snapshot }, operation) {
      const vm = machines.find(reference);
      await saved.restore(vm, snapshot, operation);
      return present(vm);
    },
    async deleteSnapshot({ vm, snapshot }, operation) {
      await saved.deleteSnapshot(machines.find(vm), snapshot, operation);
      return {};
    },
    async forkVm({ vm, ...request }, operation) {
      return (await saved.fork(machines.find(vm), request, operation)).map(present);
    },
    listTemplates: () => templates.list(),
    async deleteTemplate({ template }) {
      await templates.delete(template);
      return {};
    },
    pruneTemplates: () => templates.prune(),
  };
}
