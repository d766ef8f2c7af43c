import { constants } from 'node:fs';
import { access } from 'node:fs/promises';

/** Whether a helper is installed that this user may ask. To be found out each time: it comes and goes. */
export function mayAskHelper(socket: string): Promise<boolean> {
  return access(socket, constants.W_OK).then(
    () => true,
    () => false,
  );
}
