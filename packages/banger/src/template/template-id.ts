import { createHash } from 'node:crypto';

import { TemplateId } from '@banger/protocol/ids';

import type { TemplateShape } from './templates.ts';

/** Of shapes and of what lies on disk; one more makes every template of before one that nobody looks for. */
export const TEMPLATE_FORMAT = 1;

/** The same for the same shape, whatever the order of its keys. Pure. */
export function templateIdOf(shape: TemplateShape): TemplateId {
  const text = JSON.stringify(canonical({ format: TEMPLATE_FORMAT, shape }));
  return TemplateId.parse(`tpl_${createHash('sha256').update(text).digest('hex').slice(0, 16)}`);
}

function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(canonical);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, canonical(inner)]));
}
