import { closeSync, writeSync } from 'node:fs';

/**
 * Tells whoever started this daemon how that went: one JSON line on the descriptor that `BANGER_READY_FD` names, else,
 * for somebody who started it by hand, an error on stderr. Only the first message counts.
 */
export function tellReadiness(descriptor: string | undefined): (message: object) => void {
  let fd = descriptor === undefined ? undefined : Number(descriptor);
  return (message) => {
    if (fd === undefined) {
      if ('error' in message) writeSync(2, `${JSON.stringify(message)}\n`);
      return;
    }
    try {
      writeSync(fd, `${JSON.stringify(message)}\n`);
      closeSync(fd);
    } catch {
      // The starter did not wait; the daemon serves all the same.
    }
    fd = undefined;
  };
}
