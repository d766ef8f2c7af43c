import type { Stage } from '@banger/protocol/progress';
import { formatBytes } from '@banger/protocol/size-text';

import { formatTook } from './duration-text.ts';

/** More would push what was said before off the screen. */
const MAX_PARTS = 8;

/** How a stage that lasts looks on a terminal: itself, then what it does at the same time. */
export function stageLines(stage: Stage, tookMs: number): readonly string[] {
  const { text, parts = [] } = stage;
  const lines = parts.slice(0, MAX_PARTS).map((part) => `  ${part.name}${amount(part)}`);
  return [`${text}${amount(stage)} … ${formatTook(tookMs)}`, ...lines];
}

function amount({ doneBytes, totalBytes }: Pick<Stage, 'doneBytes' | 'totalBytes'>): string {
  if (doneBytes === undefined) return '';
  const total = totalBytes === undefined ? '' : ` of ${formatBytes(totalBytes)}`;
  return `  ${formatBytes(doneBytes)}${total}`;
}
