import { buildApi } from './api-build.ts';
import { hostApi } from './api-host.ts';
import { portsApi } from './api-ports.ts';
import { ownImagesApi } from './api-own-images.ts';
import { savedApi } from './api-saved.ts';
import { sessionsApi } from './api-sessions.ts';
import { sshApi } from './api-ssh.ts';
import { storeApi } from './api-store.ts';
import { vmsApi } from './api-vms.ts';

/** The whole HTTP API less its byte streams (`streams.ts`). The server, the SDK and the OpenAPI document come from this object. */
export const api = {
  ...hostApi,
  ...vmsApi,
  ...portsApi,
  ...savedApi,
  ...sessionsApi,
  ...storeApi,
  ...buildApi,
  ...ownImagesApi,
  ...sshApi,
};
export type Api = typeof api;
export type RouteName = keyof Api;
