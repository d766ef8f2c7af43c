import type { Stage } from '@banger/protocol/progress';

import { formatTook } from './duration-text.ts';
import { stageLines } from './stage-lines.ts';
import type { World } from './world.ts';

/** A stage that ends sooner is not worth a line of its own; `--verbose` shows it all the same. */
const QUIET_MS = 100;
/** A line that appears for less than this only flickers. */
const APPEAR_MS = 150;
const REDRAW_MS = 100;
/** Without a terminal, work that takes longer says that it has begun. */
const SAY_BEGUN_MS = 2000;

export interface LiveStages extends Disposable {
  readonly show: (stage: Stage) => void;
  /** Makes room for other text; the stage's line comes back below it. */
  clear(): void;
}

/**
 * Stages of long work on stderr. On a terminal the current one has a line that is rewritten with its time, and one for
 * each part that is under way; ended ones stay above it. Without a terminal there are only whole lines.
 */
export function createLiveStages(world: World, isVerbose: boolean): LiveStages {
  const { stderr } = world;
  const isTerminal = stderr.isTTY === true;
  let current: { readonly stage: Stage; readonly since: number } | undefined;
  /** All that have begun and not ended: what is said of them again is no news of their beginning */
  const underWay = new Set<string>();
  let ticking: AbortController | undefined;
  let drawnLines = 0;

  function clear(): void {
    if (drawnLines > 0) stderr.write(`\r\x1b[K${'\x1b[1A\x1b[K'.repeat(drawnLines - 1)}`);
    drawnLines = 0;
  }

  function draw(): void {
    if (current === undefined) return;
    const tookMs = world.monotonicMs() - current.since;
    const { columns = 0 } = stderr; // A terminal that nobody gave a size has none.
    const width = (columns > 0 ? columns : 80) - 1;
    const lines = stageLines(current.stage, tookMs).map((line) => line.slice(0, width));
    clear();
    stderr.write(lines.join('\n'));
    drawnLines = lines.length;
  }

  async function tick(signal: AbortSignal): Promise<void> {
    await world.wait(isTerminal ? APPEAR_MS : SAY_BEGUN_MS, signal);
    if (!isTerminal) {
      if (current !== undefined && current.stage.step === undefined) {
        stderr.write(`${current.stage.text} …\n`);
      }
      return;
    }
    for (;;) {
      draw();
      await world.wait(REDRAW_MS, signal);
    }
  }

  function begin(stage: Stage): void {
    if (underWay.has(stage.name)) {
      if (current?.stage.name === stage.name) current = { ...current, stage };
      return;
    }
    end();
    underWay.add(stage.name);
    // What a step writes comes below it.
    if (stage.step !== undefined && !isTerminal) stderr.write(`${stage.text}\n`);
    current = { stage, since: world.monotonicMs() };
    ticking = new AbortController();
    tick(ticking.signal).catch(() => undefined); // It only ends by being aborted.
  }

  function end(): void {
    ticking?.abort();
    current = undefined;
    clear();
  }

  return {
    clear,
    show(stage) {
      if (stage.ms === undefined) {
        begin(stage);
        return;
      }
      underWay.delete(stage.name);
      if (current === undefined || current.stage.name === stage.name) end();
      clear();
      if (stage.step !== undefined || isVerbose || stage.ms >= QUIET_MS) {
        const took = stage.step?.isCached === true ? 'CACHED' : formatTook(stage.ms);
        stderr.write(`${stage.text} ${took}\n`);
      }
    },
    [Symbol.dispose]: end,
  };
}
