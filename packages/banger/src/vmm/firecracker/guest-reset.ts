import type { VmmExit } from '../driver.ts';

/** Said on the console by Linux (kernel/reboot.c, panic.c, drivers/tty/sysrq.c) as its last word */
const LAST_WORDS = /reboot: Restarting system|Kernel panic - not syncing|sysrq: Resetting/g;
/** A guest that switches itself off ends by a reset, too: this one (docs/guest-protocol.md, Shutdown). */
const MEANT_AS_OFF = 'sysrq: Resetting';

/**
 * Tells a reboot or a panic from a power-off, which Firecracker cannot: to it all of them are resets. The guest's console
 * says which it was; a guest that lies there is itself the one that is started again, or not. What says nothing is off.
 */
export function tellReset(exit: VmmExit, consoleEnd: string): VmmExit {
  if (exit.kind !== 'guest-off') return exit;
  const word = consoleEnd.match(LAST_WORDS)?.at(-1);
  return word === undefined || word === MEANT_AS_OFF ? exit : { kind: 'guest-reset' };
}
