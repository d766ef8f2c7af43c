import type { VmId } from '@banger/protocol/ids';

/**
 * For tests of crash recovery: ends this process without a word when a VM's journal says `<step>:<phase>`, as
 * `BANGER_TEST_CRASH_AT` names it. The journal line is stored by then, the step's next work is not begun.
 */
export function crashPoint(
  at: string | undefined,
): ((vm: VmId, step: string, phase: string) => void) | undefined {
  if (at === undefined) return undefined;
  return (_, step, phase) => {
    if (`${step}:${phase}` === at) process.kill(process.pid, 'SIGKILL');
  };
}
