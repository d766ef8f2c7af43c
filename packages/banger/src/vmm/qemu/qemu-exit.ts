import type { ExitStatus } from '../../host/processes.ts';
import type { VmmExit } from '../driver.ts';

export interface QemuEnd {
  /** `reason` of QMP's SHUTDOWN event, when one came (qapi/run-state.json, ShutdownCause) */
  readonly shutdownCause: string | undefined;
  readonly status: ExitStatus;
  /** The last signal that was sent through the handle */
  readonly sent: NodeJS.Signals | undefined;
  readonly logFile: string;
}

const CRASH_SIGNALS: readonly string[] = [
  'SIGABRT',
  'SIGSEGV',
  'SIGBUS',
  'SIGILL',
  'SIGFPE',
  'SIGSYS',
];

/** Why QEMU ended, from what it said before and how it went; pure. */
export function classifyExit({ shutdownCause, status, sent, logFile }: QemuEnd): VmmExit {
  const { exitCode, signal } = status;
  const crashed: VmmExit = { kind: 'crashed', exitCode, logFile };
  switch (shutdownCause ?? 'unknown') {
    case 'guest-shutdown':
      return { kind: 'guest-off' };
    case 'guest-reset':
    case 'guest-panic':
      return { kind: 'guest-reset' };
    case 'host-signal':
      return { kind: 'killed', signal: sent ?? 'SIGTERM' };
    case 'host-qmp-quit':
      return { kind: 'killed', signal: 'quit' };
    default:
  }
  if (signal !== null) {
    return CRASH_SIGNALS.includes(signal) ? crashed : { kind: 'killed', signal };
  }
  // An adopted process has no status that we could read; what we sent is the likeliest cause.
  if (exitCode === null && sent !== undefined) return { kind: 'killed', signal: sent };
  return crashed;
}
