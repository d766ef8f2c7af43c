import { runToEnd } from '../test/support/run-to-end.ts';
import type { Benchmark } from './benchmark.ts';
import { openSshVm } from './ssh-vm.ts';
import { timed } from './stopwatch.ts';

export const execOverSsh: Benchmark = {
  id: 'exec-over-ssh',
  what: '`vm exec -- true` in a VM of the default image, against `ssh vm true` to its OpenSSH',
  unit: 'ms',
  goal: 0.2,
  runs: 15,
  warmUps: 3,
  async open(lab) {
    await using cleanup = new AsyncDisposableStack();
    const vm = cleanup.use(await openSshVm(lab));
    const ssh = ['ssh', '-F', vm.sshConfig, `${vm.name}.vm`, 'true'];
    const owned = cleanup.move(); // The subject owns the VM.
    return {
      value: () => timed(() => vm.exec(['true'])),
      floor: () =>
        timed(async () => {
          const { status, stderr } = await runToEnd(ssh, { env: vm.env });
          if (status !== 0) throw new Error(`ssh failed:\n${stderr}`);
        }),
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
};
