import { z } from 'zod';

import { ConfigValue, DaemonInfo, DoctorRow } from './doctor.ts';
import { Nothing, route } from './route.ts';

/** The daemon and the host it runs on. */
export const hostApi = {
  daemonInfo: route({
    method: 'GET',
    path: '/v1/daemon',
    summary: 'Version, build and load of the daemon',
    input: Nothing,
    output: DaemonInfo,
    errors: [],
  }),
  stopDaemon: route({
    method: 'POST',
    path: '/v1/daemon/stop',
    summary: 'Stop the daemon; running VMs stay',
    input: Nothing,
    output: Nothing,
    errors: [],
  }),
  showConfig: route({
    method: 'GET',
    path: '/v1/config',
    summary: 'Each effective configuration value with its origin',
    input: Nothing,
    output: z.array(ConfigValue),
    errors: [],
  }),
  doctor: route({
    method: 'GET',
    path: '/v1/doctor',
    summary: 'Probe the host',
    input: Nothing,
    output: z.array(DoctorRow),
    errors: [],
  }),
};
