import type { BuildInfo } from '../build-info.ts';

/** Whether `<id>/<time>` of a daemon names another build that was made before ours. Builds from source have no age. */
export function isOlderBuild(header: string | undefined, ours: BuildInfo): boolean {
  const [id, time] = (header ?? '').split('/');
  const madeAt = Number(time ?? 0);
  return id !== ours.id && madeAt > 0 && ours.time > 0 && madeAt < ours.time;
}
