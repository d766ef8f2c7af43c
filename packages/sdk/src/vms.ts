import type { Duplex } from 'node:stream';

import { api } from '@banger/protocol/api';
import { fillPath, streams } from '@banger/protocol/streams';
import type { VmPort } from '@banger/protocol/port';
import type { Vm, VmDetails, VmStats } from '@banger/protocol/vm';
import type { SetVmRequest } from '@banger/protocol/vm-requests';

import type { CallOptions } from './call-options.ts';
import type { Caller } from './caller.ts';
import { createVm, type CreateOptions } from './create-vm.ts';
import type { ExecOptions, SpawnOptions } from './exec-options.ts';
import { execCommand, type ExecResult } from './exec-command.ts';
import { dialGuest, type GuestPlace } from './dial-guest.ts';
import { createFiles, type VmFiles } from './files/vm-files.ts';
import {
  forwardPorts,
  type ForwardedPort,
  type Forwarding,
  type ForwardOptions,
} from './forward-ports.ts';
import { followText, type VmLogOptions } from './follow-text.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { createSnapshots, type Snapshots } from './snapshots.ts';
import { spawnCommand, type RunningCommand } from './spawn-command.ts';
import { createWorkspaces, type Workspaces } from './workspace/vm-workspace.ts';
import { forkVm, VmHandle, type ForkOptions } from './vm-handle.ts';

export type KillSignal = 'SIGKILL' | 'SIGTERM' | 'SIGINT' | 'SIGQUIT' | 'SIGHUP';

/** VMs. `vm` is a full name, a full id, or the beginning of an id that only one VM has. */
export interface Vms {
  readonly snapshots: Snapshots;
  /** Of one VM */
  sessions(vm: string): Sessions;
  readonly workspaces: Workspaces;
  create(request?: CreateOptions, options?: CallOptions): Promise<VmHandle>;
  /** A handle that owns nothing, for `exec` and `spawn`. */
  get(vm: string, options?: CallOptions): Promise<VmHandle>;
  /** Running ones, or all. */
  list(filter?: { readonly all?: boolean }, options?: CallOptions): Promise<readonly Vm[]>;
  show(vm: string, options?: CallOptions): Promise<VmDetails>;
  /** A suspended VM goes on where it was. */
  start(vm: string, options?: CallOptions): Promise<Vm>;
  stop(
    vm: string,
    options?: CallOptions & { readonly timeoutMs?: number | undefined },
  ): Promise<Vm>;
  restart(vm: string, options?: CallOptions): Promise<Vm>;
  kill(vm: string, options?: CallOptions & { readonly with?: KillSignal | undefined }): Promise<Vm>;
  /** Stops the vCPUs; a paused VM answers nothing. */
  pause(vm: string, options?: CallOptions): Promise<Vm>;
  resume(vm: string, options?: CallOptions): Promise<Vm>;
  /** Saves memory and devices to disk and frees the host memory. */
  suspend(vm: string, options?: CallOptions): Promise<Vm>;
  /** Makes independent running copies of a running or paused VM; their handles own nothing. */
  fork(vm: string, options?: ForkOptions): Promise<readonly VmHandle[]>;
  delete(vm: string, options?: CallOptions): Promise<void>;
  /** Deletes every VM that does not run, suspended ones too; resolves with them. */
  prune(options?: CallOptions): Promise<readonly Vm[]>;
  set(vm: string, change: SetVmRequest, options?: CallOptions): Promise<Vm>;
  stats(vm: string, options?: CallOptions): Promise<VmStats>;
  /** What listens in the guest, and how it is reached from the host. */
  ports(vm: string, options?: CallOptions): Promise<readonly VmPort[]>;
  /** Ports of this host that lead into the guest until the result is disposed. */
  forward(
    vm: string,
    ports: readonly ForwardedPort[],
    options?: ForwardOptions,
  ): Promise<Forwarding>;
  logs(vm: string, options?: VmLogOptions): AsyncIterable<Uint8Array>;
  /** Of a VM, by reference. */
  files(vm: string): VmFiles;
  exec(vm: string, argv: readonly string[], options?: ExecOptions): Promise<ExecResult>;
  spawn(vm: string, argv: readonly string[], options?: SpawnOptions): Promise<RunningCommand>;
  /** A connection to a TCP port of the guest's loopback, or to a unix socket by its path. */
  dial(vm: string, place: GuestPlace, options?: CallOptions): Promise<Duplex>;
}

export function createVms(caller: Caller): Vms {
  const { call } = caller;
  return {
    snapshots: createSnapshots(caller),
    sessions: (vm) => createSessions(caller, vm),
    workspaces: createWorkspaces(caller),
    create: (request = {}, options = {}) => createVm(caller, request, options),
    get: async (vm, options = {}) => new VmHandle(caller, await call(api.showVm, { vm }, options)),
    list: (filter = {}, options = {}) => call(api.listVms, filter, options),
    show: (vm, options = {}) => call(api.showVm, { vm }, options),
    start: (vm, options = {}) => call(api.startVm, { vm }, options),
    stop: (vm, { timeoutMs, ...options } = {}) => call(api.stopVm, { vm, timeoutMs }, options),
    restart: (vm, options = {}) => call(api.restartVm, { vm }, options),
    kill: (vm, options = {}) => call(api.killVm, { vm, signal: options.with }, options),
    pause: (vm, options = {}) => call(api.pauseVm, { vm }, options),
    resume: (vm, options = {}) => call(api.resumeVm, { vm }, options),
    suspend: (vm, options = {}) => call(api.suspendVm, { vm }, options),
    fork: (vm, options = {}) => forkVm(caller, vm, options),
    delete: async (vm, options = {}) => {
      await call(api.deleteVm, { vm }, options);
    },
    prune: (options = {}) => call(api.pruneVms, {}, options),
    set: (vm, change, options = {}) => call(api.setVm, { vm, ...change }, options),
    stats: (vm, options = {}) => call(api.vmStats, { vm }, options),
    ports: (vm, options = {}) => call(api.vmPorts, { vm }, options),
    forward: (vm, ports, options = {}) => forwardPorts(caller, { vm, ports }, options),
    logs: (vm, options = {}) => followText(caller, fillPath(streams.vmLogs, { vm }), options),
    files: (vm) => createFiles(caller, vm),
    exec: (vm, argv, options = {}) => execCommand(caller, { vm, argv }, options),
    spawn: (vm, argv, options = {}) => spawnCommand(caller, { vm, argv }, options),
    dial: (vm, place, options = {}) => dialGuest(caller, { vm, place }, options),
  };
}
