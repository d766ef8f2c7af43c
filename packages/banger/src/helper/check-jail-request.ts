import { isJailUidOf } from '../vmm/firecracker/jail/jail-user.ts';
import type { HelperSettings } from './helper-settings.ts';
import type { JailRequest } from './jail-protocol.ts';
import { refused } from './refused.ts';

/** Of Firecracker's own options those that the driver gives, each with a plain word. Others switch its seccomp filter off. */
const OPTIONS = ['--api-sock', '--level'];
const WORD = /^[A-Za-z][A-Za-z.]{0,31}$/;

/**
 * Throws `helper.refused` for a jail as a user of another banger, and for options that Firecracker is not started with. Pure:
 * the forms are the schema's, and whether a file is the owner's is looked at when it is opened.
 */
export function checkJailRequest(request: JailRequest, { owner }: HelperSettings): void {
  if (request.method === 'jail.place') {
    const { uid } = request.jail;
    if (!isJailUidOf(owner.stateDir, uid))
      throw refused(`uid ${String(uid)} is not a jail's of user "${owner.name}"`);
    const names = new Set(request.files.map(({ name }) => name));
    if (names.size < request.files.length) throw refused('a file is named twice');
  }
  if (request.method === 'jail.spawn') {
    const { args } = request.order;
    const isKnown = args.every((arg, at) =>
      at % 2 === 0 ? OPTIONS.includes(arg) : WORD.test(arg),
    );
    if (!isKnown || args.length % 2 !== 0) throw refused('Firecracker is not started like that');
  }
}
