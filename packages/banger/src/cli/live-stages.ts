import type { Stage } from '@banger/protocol/progress';

import { formatTook } from './duration-text.ts';
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
 * Stages of long work on stderr. On a terminal the current one has a line that is rewritten with its time; ended ones
 * stay above it. Without a terminal there are only whole lines.
 */
export function createLiveStages(world: World, isVerbose: boolean): LiveStages {
  const { stderr } = world;
  const isTerminal = stderr.isTTY === true;
  let current: { readonly name: string; readonly text: string; readonly since: number } | undefined;
  let ticking: AbortController | undefined;
  let isDrawn = false;

  function clear(): void {
    if (isDrawn) stderr.write('\r\x1b[K');
    isDrawn = false;
  }

  function draw(): void {
    if (current === undefined) return;
    const took = world.monotonicMs() - current.since;
    const { columns = 0 } = stderr; // A terminal that nobody gave a size has none.
    const width = (columns > 0 ? columns : 80) - 1;
    clear();
    stderr.write(`${current.text} … ${formatTook(took)}`.slice(0, width));
    isDrawn = true;
  }

  async function tick(signal: AbortSignal): Promise<void> {
    await world.wait(isTerminal ? APPEAR_MS : SAY_BEGUN_MS, signal);
    if (!isTerminal) {
      stderr.write(`${current?.text ?? ''} …\n`);
      return;
    }
    for (;;) {
      draw();
      await world.wait(REDRAW_MS, signal);
    }
  }

  function begin({ name, text }: Stage): void {
    end();
    current = { name, text, since: world.monotonicMs() };
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
      if (current === undefined || current.name === stage.name) end();
      clear();
      if (isVerbose || stage.ms >= QUIET_MS) {
        stderr.write(`${stage.text} ${formatTook(stage.ms)}\n`);
      }
    },
    [Symbol.dispose]: end,
  };
}
