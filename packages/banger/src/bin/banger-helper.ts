import { bridgeRequests } from '../helper/bridge-requests.ts';
import { SETTINGS_FILE } from '../helper/helper-settings.ts';
import { createRootBridgeHost } from '../helper/root-bridge-host.ts';
import { createRootResolverHost } from '../helper/root-resolver-host.ts';
import { runHelper } from '../helper/run-helper.ts';

const [instance = '', settingsFile = SETTINGS_FILE] = process.argv.slice(2);

process.exit(
  await runHelper({
    instance,
    settingsFile,
    requests: (settings, version) =>
      bridgeRequests(settings, {
        version,
        bridge: createRootBridgeHost(settings),
        resolver: createRootResolverHost(settings),
      }),
  }),
);
