import type { TemplateId } from '@banger/protocol/ids';

import type { StoredTemplate } from './templates.ts';

export interface EvictionLimits {
  /** For all templates together */
  readonly maxBytes: number;
  /** Never removed, though they count */
  readonly keep: ReadonlySet<TemplateId>;
}

/** Which templates go, so that the rest fits: those that were used longest ago. Pure. */
export function chooseEvictions(
  templates: readonly Pick<StoredTemplate, 'id' | 'sizeBytes' | 'lastUsedAt'>[],
  { maxBytes, keep }: EvictionLimits,
): readonly TemplateId[] {
  let excessBytes = templates.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) - maxBytes;
  const oldestFirst = templates.toSorted(
    (a, b) => Date.parse(a.lastUsedAt) - Date.parse(b.lastUsedAt),
  );
  const evicted: TemplateId[] = [];
  for (const { id, sizeBytes } of oldestFirst) {
    if (excessBytes <= 0) break;
    if (keep.has(id)) continue;
    evicted.push(id);
    excessBytes -= sizeBytes;
  }
  return evicted;
}
