import { join } from 'node:path';

import { readConfig } from '../host/config.ts';
import type { HelperSettings } from '../helper/helper-settings.ts';
import type { SystemOwner } from './find-owner.ts';

/** The bridge that the owner's daemon has by its configuration file. */
export async function ownerBridge({ home }: SystemOwner): Promise<HelperSettings['bridge']> {
  const { values } = await readConfig(join(home, '.config/banger/config.toml'), {});
  return { name: values.bridge_name, address: values.bridge_ip, subnet: values.cidr };
}
