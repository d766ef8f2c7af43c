import type { ConfigValue, DaemonInfo, DoctorRow } from '@banger/protocol/doctor';

import type { Handlers } from './handler-table.ts';

export interface HostHandlerDeps {
  readonly info: () => DaemonInfo;
  readonly effectiveConfig: () => Promise<ConfigValue[]>;
  readonly doctor: (signal: AbortSignal) => Promise<DoctorRow[]>;
  /** Begins the shutdown; the answer is sent before the socket closes */
  readonly requestStop: () => void;
}

type HostRoute = 'daemonInfo' | 'stopDaemon' | 'showConfig' | 'doctor';

export function hostHandlers(deps: HostHandlerDeps): Pick<Handlers, HostRoute> {
  return {
    daemonInfo: () => Promise.resolve(deps.info()),
    stopDaemon() {
      deps.requestStop();
      return Promise.resolve({});
    },
    showConfig: () => deps.effectiveConfig(),
    doctor: (_, { signal }) => deps.doctor(signal),
  };
}
