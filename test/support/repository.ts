import { join } from 'node:path';

/** The checkout that is tested. */
export const repositoryRoot = join(import.meta.dirname, '../..');
