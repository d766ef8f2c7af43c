import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { z } from 'zod';

import { unlessMissing } from '../host/missing-files.ts';
import { readHelperSettings, type HelperSettings } from '../helper/helper-settings.ts';
import type { SystemPlaces } from './places.ts';
import { BUILD_FILE } from './program-files.ts';

const Build = z.object({ version: z.string(), id: z.string(), time: z.number() });

export interface Installation {
  readonly settings: HelperSettings;
  readonly build: z.infer<typeof Build> | undefined;
}

/** What is installed; undefined without settings. */
export async function readInstallation(places: SystemPlaces): Promise<Installation | undefined> {
  if ((await readFile(places.settings, 'utf8').catch(unlessMissing)) === undefined)
    return undefined;
  const build = await readFile(join(places.program, BUILD_FILE), 'utf8').catch(unlessMissing);
  return {
    settings: await readHelperSettings(places.settings),
    build: build === undefined ? undefined : Build.parse(JSON.parse(build)),
  };
}
