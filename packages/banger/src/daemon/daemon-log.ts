import { destination, pino, stdSerializers, type Logger } from 'pino';

export type DaemonLog = Logger;

/** JSON lines, each of a request with its operation id. Written at once: the last line before a crash counts most. */
export function createDaemonLog(file: string, level: string): DaemonLog {
  const options = {
    level,
    base: { pid: process.pid },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    serializers: { err: stdSerializers.errWithCause },
  };
  return pino(
    options,
    destination({ dest: file, sync: true, append: true, mkdir: true, mode: 0o600 }),
  );
}

/** For tests: the same interface, nothing written. */
export function createSilentLog(): DaemonLog {
  return pino({ level: 'silent' });
}
