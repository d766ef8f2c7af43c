import { connectFakeGuest, createFakeGuest } from '../../guest/fake-guest.ts';
import type { FakeCommand } from '../../guest/fake-commands.ts';
import type { GuestBoot } from '../../guest/guest.ts';
import type { BuildMachines, BuildStep } from './build-machine.ts';

export interface FakeBuildMachines extends BuildMachines {
  /** That were run, oldest first */
  readonly steps: readonly BuildStep[];
  /** Machines that there are now */
  readonly running: number;
}

const boot: GuestBoot = {
  identity: {
    ...{ hostname: 'build', hosts: [], dnsServers: [], machineId: '' },
    network: { mac: '', address: '', gateway: '' },
    ...{
      sshHostKeys: [],
      authorizedKeys: [],
      seed: new Uint8Array(),
      overlayMib: 1024,
      workMib: 0,
    },
  },
  init: 'build',
  imageEnv: [],
  drives: { base: 'base', overlay: 'overlay', work: '', modules: '' },
};

/**
 * Machines that only play: `sh -c` knows `echo`, `touch PATH` (a file with its path as content), `exit N` and `kill`, see
 * `fakeUserland`; a test may add commands of its own, which `touch` what is to be in the layer.
 */
export function createFakeBuildMachines(
  commands: Readonly<Record<string, FakeCommand>> = {},
): FakeBuildMachines {
  const steps: BuildStep[] = [];
  let running = 0;
  return {
    steps,
    get running() {
      return running;
    },
    async run(step, takeLayer, signal) {
      signal.throwIfAborted();
      steps.push(step);
      running += 1;
      try {
        await using guest = connectFakeGuest(createFakeGuest(commands));
        await guest.boot(boot, signal);
        const { argv, env, user, workingDir: cwd, onOutput } = step;
        const request = { argv, env, cwd, stdin: false, ...(user === '' ? {} : { user }) };
        const exit = await guest.exec(request, { input: noInput(), onOutput }, signal);
        const exitCode = exit.kind === 'exited' ? exit.code : 128 + exit.signal;
        if (exitCode === 0) {
          await takeLayer(guest.builds.takeLayer({ maxBytes: MAX_LAYER_BYTES }, signal));
        }
        return { exitCode };
      } finally {
        running -= 1;
      }
    },
  };
}

const MAX_LAYER_BYTES = 1024 ** 3;

async function* noInput(): AsyncGenerator<never> {
  // It has none.
}
