import type { Stage } from '@banger/protocol/progress';

import type { Clock } from '../host/clock.ts';
import type { Progress } from '../host/work.ts';

/** Reports the stages of work that does one thing after the other: beginning one ends the one before. */
export interface StageClock {
  begin(name: string, text: string): void;
  /** How far the stage under way is; passed on a few times a second at most */
  report(progress: StageProgress): void;
  end(): void;
}

export type StageProgress = Pick<Stage, 'doneBytes' | 'totalBytes' | 'parts'>;

const REPORT_MS = 200;

export function createStageClock(progress: Progress, clock: Clock): StageClock {
  let current: { readonly name: string; readonly text: string; readonly since: number } | undefined;
  let reportedMs = -Infinity;
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
      reportedMs = -Infinity;
      progress.stage({ name, text });
    },
    report(reported) {
      const nowMs = clock.monotonicMs();
      if (current === undefined || nowMs - reportedMs < REPORT_MS) return;
      reportedMs = nowMs;
      progress.stage({ name: current.name, text: current.text, ...reported });
    },
    end,
  };
}
