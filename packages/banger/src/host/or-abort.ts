/**
 * The outcome of `work`, or `signal.reason` itself as soon as it aborts. Aborting does not stop `work`: its late
 * outcome is dropped, so whoever made it must also see to what it may still produce.
 */
export function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, resolve, reject } = Promise.withResolvers<T>();
  const abort = () => reject(signal.reason);
  if (signal.aborted) abort();
  else signal.addEventListener('abort', abort);
  work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  return promise;
}
