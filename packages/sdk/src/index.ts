/**
 * The client library of banger.
 *
 *     await using vm = await banger.vms.create({ image: 'debian-bookworm' });
 *     const { exitCode, stdout } = await vm.exec(['uname', '-a']);
 *
 * The VM is deleted at the end of the scope, and also when the process ends in any other way. A VM that is to stay is
 * made with `vms.create({ keep: true })`.
 */
export { BangerError, type ErrorCode } from '@banger/protocol/errors';
export type { SshClient } from '@banger/protocol/api-ssh';
export type { ConfigValue, DaemonInfo, DoctorRow } from '@banger/protocol/doctor';
export type { Event, EventBody } from '@banger/protocol/events';
export type { TerminalSize } from '@banger/protocol/exec';
export type { CatalogEntry, Image, Kernel } from '@banger/protocol/image';
export type { PublishedPort, VmPort } from '@banger/protocol/port';
export type { Stage } from '@banger/protocol/progress';
export type {
  LostOutput,
  OutputPosition,
  OutputStream,
  Session,
  SessionExit,
} from '@banger/protocol/session';
export type { Template } from '@banger/protocol/template';
export type {
  HygieneCheck,
  Snapshot,
  StartedFrom,
  Timing,
  Vm,
  VmDetails,
  VmState,
  VmStats,
} from '@banger/protocol/vm';
export type { SetVmRequest } from '@banger/protocol/vm-requests';

export type { BuildOptions } from './build/build-image.ts';
export type { BuildSource } from './build/read-source.ts';
export type { CallOptions } from './call-options.ts';
export { connect, type Banger, type ConnectOptions } from './connect.ts';
export type { CreateOptions } from './create-vm.ts';
export type { GuestPlace } from './dial-guest.ts';
export type { ExecResult } from './exec-command.ts';
export type { ExecOptions, Sink, Source, SpawnOptions } from './exec-options.ts';
export type { ExecOutcome } from './exec-outcome.ts';
export type { EventOptions } from './follow-events.ts';
export type { CopyOptions, GetOptions, VmFiles, WriteOptions } from './files/vm-files.ts';
export type { LogOptions, VmLogOptions } from './follow-text.ts';
export type {
  AttachmentEnd,
  AttachOptions,
  ReadSessionOptions,
  SessionAttachment,
  StartSessionOptions,
} from './session-options.ts';
export type { SendOptions, Sessions } from './sessions.ts';
export type { ForwardedPort, Forwarding, ForwardOptions } from './forward-ports.ts';
export type { Snapshots } from './snapshots.ts';
export type { RunningCommand } from './spawn-command.ts';
export type { ImageStore, KernelStore, PullImageOptions, RegisterImage, Store } from './stores.ts';
export type { BundleOptions, WrittenBundle } from './write-bundle.ts';
export type { LoadImageOptions } from './load-image-options.ts';
export type { Templates } from './templates.ts';
export type {
  MessageSocket,
  SocketRequest,
  Transport,
  TransportRequest,
  TransportResponse,
} from './transport.ts';
export { unixTransport } from './unix-transport.ts';
export type { ForkOptions, VmHandle } from './vm-handle.ts';
export type { KillSignal, Vms } from './vms.ts';
export type { Workspace } from '@banger/protocol/workspace';
export type { ExportOptions } from './workspace/export-patch.ts';
export type { PreparedWorkspace, WorkspaceShip } from './workspace/prepare-workspace.ts';
export type { WorkspaceSource } from './workspace/source.ts';
export type { SourceOptions } from './workspace/target.ts';
export type {
  PrepareOptions,
  SyncOptions,
  VmWorkspace,
  Workspaces,
} from './workspace/vm-workspace.ts';
