import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';

const DEVICE = '/dev/net/tun';

/** Whether this host makes taps (Linux, Documentation/networking/tuntap.rst). */
export async function hasTunDevice(): Promise<boolean> {
  const found = await stat(DEVICE).catch(() => undefined); // Not to be seen is as good as not there.
  return found?.isCharacterDevice() === true;
}

/** Whether this user opens taps; udev's rules let everybody (50-udev-default.rules). */
export function mayOpenTaps(): Promise<boolean> {
  return access(DEVICE, constants.R_OK | constants.W_OK).then(
    () => true,
    () => false,
  );
}
