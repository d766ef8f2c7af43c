import type { Handlers } from './handler-table.ts';
import { buildHandlers, type BuildHandlerDeps } from './handlers-build.ts';
import { hostHandlers, type HostHandlerDeps } from './handlers-host.ts';
import { ownImageHandlers, type OwnImageDeps } from './handlers-own-images.ts';
import { portHandlers, type PortHandlerDeps } from './handlers-ports.ts';
import { savedHandlers } from './handlers-saved.ts';
import { sessionHandlers, type SessionHandlerDeps } from './handlers-sessions.ts';
import { sshHandlers, type SshHandlerDeps } from './handlers-ssh.ts';
import { storeHandlers, type StoreHandlerDeps } from './handlers-store.ts';
import { vmHandlers, type VmHandlerDeps } from './handlers-vm.ts';

export type HandlerDeps = VmHandlerDeps &
  SessionHandlerDeps &
  PortHandlerDeps &
  StoreHandlerDeps &
  BuildHandlerDeps &
  OwnImageDeps &
  HostHandlerDeps &
  SshHandlerDeps;

export function createHandlers(deps: HandlerDeps): Handlers {
  return {
    ...vmHandlers(deps),
    ...portHandlers(deps),
    ...savedHandlers(deps),
    ...sessionHandlers(deps),
    ...storeHandlers(deps),
    ...buildHandlers(deps),
    ...ownImageHandlers(deps),
    ...hostHandlers(deps),
    ...sshHandlers(deps),
  };
}
