import { stat } from 'node:fs/promises';

/** Whether this host makes taps (Linux, Documentation/networking/tuntap.rst). */
export async function hasTunDevice(): Promise<boolean> {
  const found = await stat('/dev/net/tun').catch(() => undefined); // Not to be seen is as good as not there.
  return found?.isCharacterDevice() === true;
}
