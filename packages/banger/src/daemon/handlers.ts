import type { Handlers } from './handler-table.ts';
import { hostHandlers, type HostHandlerDeps } from './handlers-host.ts';
import { storeHandlers, type StoreHandlerDeps } from './handlers-store.ts';
import { vmHandlers, type VmHandlerDeps } from './handlers-vm.ts';

export type HandlerDeps = VmHandlerDeps & StoreHandlerDeps & HostHandlerDeps;

export function createHandlers(deps: HandlerDeps): Handlers {
  return { ...vmHandlers(deps), ...storeHandlers(deps), ...hostHandlers(deps) };
}
