import { imageErrors } from './image-errors.ts';

/**
 * Every failure banger can report, in one table. The HTTP status and `docs/errors.md` come from here;
 * the exit statuses are the CLI's (SPEC 1). Callers switch on `code`, never on the text.
 */
export const errorCatalog = {
  'usage.invalid': {
    status: 400,
    about: 'The request or the command line does not make sense as it stands',
  },
  'config.invalid': {
    status: 400,
    about: 'The configuration file or a BANGER_* variable has an unknown key or a bad value',
  },
  'vm.not_found': { status: 404, about: 'No VM has this name, id or id prefix' },
  'vm.ambiguous': { status: 409, about: 'An id prefix matches several VMs' },
  'vm.name_taken': { status: 409, about: 'Another VM has this name' },
  'vm.busy': { status: 409, about: 'Other work on this VM is under way and excludes this request' },
  'vm.not_running': { status: 409, about: 'The request needs a running VM' },
  'vm.wrong_state': { status: 409, about: 'The request does not fit the state the VM is in' },
  'vm.start_failed': { status: 500, about: 'A step of starting the VM failed and was undone' },
  'vm.state_unusable': {
    status: 500,
    about: 'A saved state of memory and devices cannot be loaded here',
  },
  'vm.ended': { status: 502, about: 'The VM ended while it was being used' },
  'guest.unreachable': {
    status: 504,
    about: 'The guest agent did not answer in time, or stopped answering',
  },
  'guest.protocol': {
    status: 502,
    about: 'The guest agent sent something that is not the protocol',
  },
  'guest.disk_full': { status: 507, about: 'A disk of the guest is full' },
  'guest.refused': { status: 502, about: 'The guest agent reported a failure' },
  'guest.port_closed': { status: 502, about: 'Nothing in the guest listens there' },
  'guest.connection_lost': { status: 502, about: 'A connection in the guest was reset or lost' },
  'workspace.not_a_repository': {
    status: 400,
    about: 'What is to be shipped is not the checkout of a git repository',
  },
  'workspace.unsupported': {
    status: 400,
    about: 'The checkout has what cannot be shipped this way',
  },
  'workspace.git_failed': { status: 500, about: 'git on the host ended with a failure' },
  'workspace.changing': { status: 409, about: 'A file keeps being changed while it is shipped' },
  'workspace.conflict': {
    status: 409,
    about: 'Files or branches were changed in the guest and on the host since the last ship',
  },
  'workspace.occupied': {
    status: 409,
    about: 'Something is at the guest path that was not shipped there',
  },
  'workspace.busy': { status: 409, about: 'Another ship to this workspace is under way' },
  'workspace.none': { status: 404, about: 'No workspace was shipped into the VM' },
  'workspace.bootstrap_failed': {
    status: 500,
    about: 'The tools that the checkout asks for could not be installed',
  },
  'workspace.no_tool': { status: 400, about: 'The image lacks a program that this needs' },
  'exec.not_found': { status: 404, about: 'The guest has no such command (exit status 127)' },
  'exec.not_executable': {
    status: 400,
    about: 'The command is there and cannot be executed (exit status 126)',
  },
  'exec.timed_out': {
    status: 408,
    about: 'The command ran longer than its --timeout and was ended',
  },
  'ssh.failed': {
    status: 502,
    about: 'ssh could not connect, was refused, or lost its connection',
  },
  'exec.invalid': { status: 400, about: 'No such user or working directory in the guest' },
  'files.not_found': { status: 404, about: 'No such file or directory' },
  'files.wrong_kind': {
    status: 409,
    about: 'A directory is where a file is to come, or the other way round, or it is a device',
  },
  'files.changed': { status: 409, about: 'A file changed while it was copied' },
  'files.bad_archive': {
    status: 400,
    about: 'An archive is damaged, ends early, or would lead out of its destination',
  },
  'files.too_much': { status: 413, about: 'There is more to copy than the limits allow' },
  'session.not_found': { status: 404, about: 'The VM has no session of this name or id' },
  'session.name_taken': { status: 409, about: 'A running session has this name' },
  'session.command_missing': {
    status: 409,
    about: 'The guest lacks commands that the session was said to need',
  },
  'session.has_writer': { status: 409, about: 'Another client is attached as the writer' },
  'session.no_input': { status: 409, about: 'The session takes no input (any more)' },
  'session.rewound': {
    status: 409,
    about:
      'The session has not come as far as the client was: its VM was restored to an earlier state',
  },
  'session.ended': { status: 409, about: 'The session has ended' },
  'session.running': { status: 409, about: 'The session is running' },
  ...imageErrors,
  'snapshot.not_found': { status: 404, about: 'The VM has no snapshot of this name' },
  'snapshot.exists': { status: 409, about: 'The VM has a snapshot of this name' },
  'template.not_found': { status: 404, about: 'No template has this id or id prefix' },
  'template.in_use': { status: 409, about: 'A running VM was forked from the template' },
  'host.tool_missing': { status: 503, about: 'A program that banger needs is not installed' },
  'host.kvm_unavailable': { status: 503, about: 'KVM was asked for and cannot be used' },
  'host.disk_full': { status: 507, about: 'The file system is full' },
  'host.mirror_unreachable': { status: 502, about: "Debian's archive cannot be reached" },
  'host.port_taken': {
    status: 409,
    about: 'Another program listens on a port of the host that a VM was to answer on',
  },
  'host.port_forbidden': { status: 403, about: 'Only root may listen on this port of the host' },
  'host.address_unusable': { status: 400, about: 'The host has no such address to listen on' },
  'host.resources': { status: 400, about: 'More was asked for than the host has' },
  'host.path_unusable': {
    status: 500,
    about: 'A directory or socket path cannot be used: too long, not ours, not writable',
  },
  'host.network_conflict': {
    status: 409,
    about: 'A link, an address or a route of somebody else is where banger would put its own',
  },
  'host.network_unavailable': {
    status: 503,
    about: 'This kind of network needs root or the helper, or programs that are not installed',
  },
  'host.jail_unusable': {
    status: 503,
    about: "Firecracker's jailer, or a file that a jail is to have, cannot be used",
  },
  'helper.unavailable': {
    status: 503,
    about: "The helper with root's rights is not installed, does not answer, or went away",
  },
  'helper.refused': {
    status: 403,
    about: 'The helper was asked for what it does not do, or by somebody it does not work for',
  },
  'system.needs_root': { status: 403, about: 'Only root may set banger up for a system' },
  'system.no_systemd': { status: 503, about: 'systemd does not manage this host' },
  'system.in_use': { status: 409, about: 'VMs run in the installation that is to be removed' },
  'system.failed': {
    status: 500,
    about: 'A step of setting banger up for the system failed, and was undone',
  },
  'daemon.already_running': { status: 409, about: 'Another daemon owns the state directory' },
  'daemon.unreachable': { status: 503, about: 'The daemon does not answer' },
  'daemon.start_failed': { status: 500, about: 'The daemon did not start' },
  'daemon.stopping': { status: 503, about: 'The daemon is shutting down' },
  'operation.cancelled': {
    status: 499,
    about: 'The caller cancelled the work; what it had done was undone',
  },
  'internal.bug': { status: 500, about: 'Something nobody expected' },
} as const satisfies Record<string, { readonly status: number; readonly about: string }>;

export type ErrorCode = keyof typeof errorCatalog;

export interface BangerErrorOptions extends ErrorOptions {
  /** What to run or edit next; one line that can be pasted */
  readonly hint?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>>;
  /** The operation whose records in the daemon's log belong to this error */
  readonly operation?: string | undefined;
}

/** The one error class. `message`: `Cannot <verb> <noun> "<name>": <observed fact>`, no trailing dot. */
export class BangerError extends Error {
  override readonly name = 'BangerError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly details: Readonly<Record<string, unknown>>;
  readonly operation: string | undefined;

  constructor(code: ErrorCode, message: string, options: BangerErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.hint = options.hint;
    this.details = options.details ?? {};
    this.operation = options.operation;
  }
}

export function isErrorCode(text: string): text is ErrorCode {
  return Object.hasOwn(errorCatalog, text);
}

/** For the outermost `catch` only: what nobody expected is a bug, and keeps its cause. */
export function toBangerError(thrown: unknown): BangerError {
  if (thrown instanceof BangerError) return thrown;
  return new BangerError('internal.bug', `banger hit an unexpected error: ${firstLine(thrown)}`, {
    cause: thrown,
    hint: 'banger daemon logs',
  });
}

/** The messages from the error down through its causes, outermost first; at most ten. */
export function causeChain(thrown: unknown): readonly string[] {
  const chain: string[] = [];
  for (let at: unknown = thrown; at !== undefined && chain.length < 10;) {
    chain.push(firstLine(at));
    at = at instanceof Error ? at.cause : undefined;
  }
  return chain;
}

function firstLine(thrown: unknown): string {
  const text = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return text.split('\n', 1)[0] ?? '';
}
