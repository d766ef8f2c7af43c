import type { Clock } from '../host/clock.ts';
import type { Progress } from '../host/work.ts';

/** Reports the stages of work that does one thing after the other: beginning one ends the one before. */
export interface StageClock {
  begin(name: string, text: string): void;
  end(): void;
}

export function createStageClock(progress: Progress, clock: Clock): StageClock {
  let current: { readonly name: string; readonly text: string; readonly since: number } | undefined;
  const end = (): void => {
    if (current === undefined) return;
    const { name, text, since } = current;
    current = undefined;
    progress.stage({ name, text, ms: Math.round(clock.monotonicMs() - since) });
  };
  return {
    begin(name, text) {
      if (current?.name === name) return;
      end();
      current = { name, text, since: clock.monotonicMs() };
      progress.stage({ name, text });
    },
    end,
  };
}
