/** The helper as systemd starts it, before a fake of the host: `helper.ts <instance> <settings file>`. */
import { bridgeSettings } from '../../contract/bridge-host-scene.ts';
import { bridgeRequests } from '../../../packages/banger/src/helper/bridge-requests.ts';
import { runHelper } from '../../../packages/banger/src/helper/run-helper.ts';
import { createFakeBridgeHost } from '../../../packages/banger/src/network/bridge/fake-bridge-host.ts';
import { createFakeResolverHost } from '../../../packages/banger/src/network/dns/fake-resolver-host.ts';

const [instance = '', settingsFile = ''] = process.argv.slice(2);
const bridge = createFakeBridgeHost(bridgeSettings);
const resolver = createFakeResolverHost(bridgeSettings.owner);
process.exit(
  await runHelper({
    instance,
    settingsFile,
    requests: (settings, version) => bridgeRequests(settings, { version, bridge, resolver }),
  }),
);
