import { fileURLToPath } from 'node:url';

import { buildInfo } from '../build-info.ts';
import { main } from '../cli/main.ts';
import { createProcessWorld } from '../cli/process-world.ts';

// The bundle is one directory below the checkout or installation, the source four.
const root = buildInfo.time === 0 ? '../../../../' : '../';
const bangerd = fileURLToPath(new URL(`${root}bin/bangerd`, import.meta.url));

process.exit(await main(process.argv.slice(2), createProcessWorld({ build: buildInfo, bangerd })));
