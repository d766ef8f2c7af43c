import { createHash } from 'node:crypto';
import { join } from 'node:path';

import { EXEC_NAME } from './exec-copy.ts';
import { JailId } from './jail-host.ts';

export interface JailPlaces {
  /** Has a directory for each jail */
  readonly jails: string;
  /** Of copies of Firecracker */
  readonly exec: string;
  /** Of control groups, below each controller's mount */
  readonly parent: string;
  readonly rootOf: (id: JailId) => string;
}

/** Where the jails of one banger are, by their base directory and its state directory. Pure. */
export function jailPlaces(base: string, banger: string): JailPlaces {
  const jails = join(base, EXEC_NAME);
  return {
    jails,
    exec: join(base, 'exec'),
    parent: join('banger', createHash('sha256').update(banger).digest('hex').slice(0, 8)),
    rootOf: (id) => join(jails, JailId.parse(id), 'root'),
  };
}
