import { bridgeHostContract } from '../../../../../test/contract/bridge-host.ts';
import { bridgeSettings } from '../../../../../test/contract/bridge-host-scene.ts';
import { createFakeBridgeHost, createFakeBridgeLinks, describe } from './fake-bridge-host.ts';

bridgeHostContract({
  name: 'fake',
  start() {
    const host = createFakeBridgeLinks();
    return Promise.resolve({
      caller: () => createFakeBridgeHost(bridgeSettings, host),
      state: () => Promise.resolve(describe(host)),
      forwards: () => Promise.resolve(host.forwarding),
      others: {
        deleteBridge: () => act(() => host.links.delete(bridgeSettings.name)),
        flushRules: () => act(() => host.ruled.clear()),
        addLink: (name) => act(() => host.links.set(name, { owner: 'somebody' })),
        addRoute: (subnet) => act(() => host.routes.add(subnet)),
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    });
  },
});

function act(change: () => unknown): Promise<void> {
  change();
  return Promise.resolve();
}
