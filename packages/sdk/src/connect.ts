import { api } from '@banger/protocol/api';
import type { SshClient } from '@banger/protocol/api-ssh';
import type { ConfigValue, DaemonInfo, DoctorRow } from '@banger/protocol/doctor';
import type { Event } from '@banger/protocol/events';
import type { OperationId } from '@banger/protocol/ids';
import { daemonSocket } from '@banger/protocol/runtime-dir';
import { streams } from '@banger/protocol/streams';

import type { CallOptions } from './call-options.ts';
import { createCaller } from './caller.ts';
import { followEvents, type EventOptions } from './follow-events.ts';
import { followText, type LogOptions } from './follow-text.ts';
import { createImages, createKernels, type ImageStore, type KernelStore } from './stores.ts';
import { createTemplates, type Templates } from './templates.ts';
import type { Transport } from './transport.ts';
import { unixTransport } from './unix-transport.ts';
import { createVms, type Vms } from './vms.ts';

export interface ConnectOptions {
  /** Path of the daemon's socket; default: where the daemon of this user and environment has it */
  readonly socket?: string | undefined;
  /** Another way to the daemon, instead of a socket */
  readonly transport?: Transport | undefined;
  /** Carried by all calls; default: each call has its own */
  readonly operation?: OperationId | undefined;
}

/** banger, seen by a program. Connections are made when they are needed and do not keep a process alive. */
export interface Banger extends Disposable {
  readonly vms: Vms;
  readonly templates: Templates;
  readonly images: ImageStore;
  readonly kernels: KernelStore;
  readonly daemon: {
    info(options?: CallOptions): Promise<DaemonInfo>;
    /** Running VMs stay. */
    stop(options?: CallOptions): Promise<void>;
    logs(options?: LogOptions): AsyncIterable<Uint8Array>;
  };
  /** What OpenSSH needs to reach VMs; its files are on the daemon's host. */
  ssh(options?: CallOptions): Promise<SshClient>;
  config(options?: CallOptions): Promise<readonly ConfigValue[]>;
  doctor(options?: CallOptions): Promise<readonly DoctorRow[]>;
  events(options?: EventOptions): AsyncIterable<Event>;
}

/** Makes no request: the first call finds out whether a daemon is there. */
export function connect(options: ConnectOptions = {}): Banger {
  const transport = options.transport ?? unixTransport(options.socket ?? defaultSocket());
  const caller = createCaller(transport, options.operation);
  const { call } = caller;
  return {
    vms: createVms(caller),
    templates: createTemplates(caller),
    images: createImages(caller),
    kernels: createKernels(caller),
    daemon: {
      info: (callOptions = {}) => call(api.daemonInfo, {}, callOptions),
      stop: async (callOptions = {}) => {
        await call(api.stopDaemon, {}, callOptions);
      },
      logs: (logOptions = {}) => followText(caller, streams.daemonLogs, logOptions),
    },
    ssh: (callOptions = {}) => call(api.sshClient, {}, callOptions),
    config: (callOptions = {}) => call(api.showConfig, {}, callOptions),
    doctor: (callOptions = {}) => call(api.doctor, {}, callOptions),
    events: (eventOptions = {}) => followEvents(caller, eventOptions),
    [Symbol.dispose]: () => transport.close(),
  };
}

function defaultSocket(): string {
  return daemonSocket({ env: process.env, uid: process.getuid?.() ?? 0 });
}
