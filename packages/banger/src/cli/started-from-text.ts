import type { StartedFrom } from '@banger/sdk';

const kinds: Readonly<Record<StartedFrom['kind'], string>> = {
  'power-on': 'power-on',
  t0: 'a template of the kernel and the agent',
  t1: 'a template of the booted image',
  standby: 'a fork that was prepared ahead',
  saved: 'its own saved memory',
  fork: 'a copy of a running VM',
};

/** `a template of the booted image (tpl_…)` */
export function startedFromText({ kind, template }: StartedFrom): string {
  return template === null ? kinds[kind] : `${kinds[kind]} (${template})`;
}
