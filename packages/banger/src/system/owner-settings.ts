import { join } from 'node:path';

import { readConfig } from '../host/config.ts';
import type { HelperSettings } from '../helper/helper-settings.ts';
import type { SystemOwner } from './find-owner.ts';

/** The bridge that the owner's daemon has by its configuration file, and the programs that it makes jails with. */
export async function ownerSettings({
  home,
}: SystemOwner): Promise<Pick<HelperSettings, 'bridge' | 'jail'>> {
  const { values } = await readConfig(join(home, '.config/banger/config.toml'), {});
  return {
    bridge: { name: values.bridge_name, address: values.bridge_ip, subnet: values.cidr },
    jail: {
      jailer: values.jailer_bin ?? 'jailer',
      firecracker: values.firecracker_bin ?? 'firecracker',
    },
  };
}
