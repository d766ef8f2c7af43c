import type { ExitStatus } from '../../host/processes.ts';
import type { VmmExit } from '../driver.ts';

export interface FirecrackerEnd {
  readonly status: ExitStatus;
  /** The last signal that was sent through the handle */
  readonly sent: NodeJS.Signals | undefined;
  readonly logFile: string;
}

const CRASH_SIGNALS: readonly string[] = ['SIGABRT', 'SIGSEGV', 'SIGBUS', 'SIGILL', 'SIGSYS'];

/**
 * Why Firecracker ended; pure. It ends with status 0 when the guest resets itself, and cannot tell a power-off from a
 * reboot or a panic (see guest-reset.ts): the agent makes a reset of each power-off. Of an adopted process there is no
 * status: unless we ended it, that was the guest, too.
 */
export function classifyExit({ status, sent, logFile }: FirecrackerEnd): VmmExit {
  const { exitCode, signal } = status;
  if (signal !== null && !CRASH_SIGNALS.includes(signal)) return { kind: 'killed', signal };
  if (signal === null && exitCode === null && sent !== undefined) {
    return { kind: 'killed', signal: sent };
  }
  if (signal === null && (exitCode ?? 0) === 0) return { kind: 'guest-off' };
  return { kind: 'crashed', exitCode, logFile };
}
