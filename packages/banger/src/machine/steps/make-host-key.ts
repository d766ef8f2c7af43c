import type { HostKeys } from '../../ssh/host-keys.ts';
import type { Step } from '../run-steps.ts';

/** The VM's own ssh host key, made on this side so that it can be trusted before the first connection. */
export function makeHostKey(hostKeys: HostKeys): Step {
  return {
    name: 'make-host-key',
    text: 'Making the ssh host key',
    run: async ({ paths }) => {
      await hostKeys.make(paths.hostKey);
    },
    undo: ({ paths }) => hostKeys.remove(paths.hostKey),
  };
}
