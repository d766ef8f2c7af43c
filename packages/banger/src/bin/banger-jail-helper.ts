import { SETTINGS_FILE } from '../helper/helper-settings.ts';
import { jailRequests } from '../helper/jail-requests.ts';
import { createRootJailHost, jailLockOf } from '../helper/root-jail-host.ts';
import { runHelper } from '../helper/run-helper.ts';
import { createSystemClock } from '../host/system-clock.ts';

const [instance = '', settingsFile = SETTINGS_FILE] = process.argv.slice(2);
const clock = createSystemClock();

process.exit(
  await runHelper({
    instance,
    settingsFile,
    requests: (settings, version) =>
      jailRequests(settings, {
        version,
        host: createRootJailHost(settings, clock),
        lock: jailLockOf(settings, clock),
      }),
  }),
);
