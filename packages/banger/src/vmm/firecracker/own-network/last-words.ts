import { logLength, readLogTail } from '../../log-tail.ts';

export interface SpokenTo {
  /** Where the programs that `work` starts write to */
  readonly logFile: string;
  /** Of the caller; when it aborts nothing is explained */
  readonly signal: AbortSignal;
}

/** Whatever makes `work` fail, the error is `what`, and what was written to the log meanwhile. */
export async function withLastWords<T>(
  what: string,
  { logFile, signal }: SpokenTo,
  work: () => Promise<T>,
): Promise<T> {
  const logStart = await logLength(logFile);
  try {
    return await work();
  } catch (cause) {
    signal.throwIfAborted();
    const words = (await readLogTail(logFile, logStart)).trim().split('\n').join('; ');
    const seen = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`${what}: ${words === '' ? seen : words}`, { cause });
  }
}
