import { destination, pino, stdSerializers, type Logger } from 'pino';

const STANDARD_ERROR = 2;

/** JSON lines for the journal, each with whom the helper works for. Written at once. */
export function createHelperLog(peerUid: number | undefined): Logger {
  const options = { base: { pid: process.pid, peerUid }, serializers: { err: stdSerializers.err } };
  return pino(options, destination({ dest: STANDARD_ERROR, sync: true }));
}
