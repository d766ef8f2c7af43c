import { join } from 'node:path';

import type { TemplateShape } from './templates.ts';

/** Content of a template, by name in its directory. */
export type TemplateFileName = 'memory' | 'state' | 'overlay.ext4' | 'work.ext4';

/** Which of them a template of this shape has. */
export function fileNamesOf({ image }: Pick<TemplateShape, 'image'>): readonly TemplateFileName[] {
  return image === null ? ['memory', 'state'] : ['memory', 'state', 'overlay.ext4', 'work.ext4'];
}

/** Empty; its modification time is when the template was last used. */
export function usedFileIn(dir: string): string {
  return join(dir, 'used');
}
