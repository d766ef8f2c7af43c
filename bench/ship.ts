import { join } from 'node:path';

import { runToEnd } from '../test/support/run-to-end.ts';
import type { Benchmark } from './benchmark.ts';
import type { Lab } from './lab.ts';
import { makeSampleRepository } from './sample-repository.ts';
import { openSshVm, type SshVm } from './ssh-vm.ts';
import { timed } from './stopwatch.ts';

export const ship: Benchmark = {
  id: 'ship',
  what: '`vm workspace prepare` of 5,000 files and 50 MB into a VM of the default image, against `tar c . | ssh vm tar x` of the same checkout into the same VM',
  unit: 'ms',
  goal: 0.5,
  runs: 5,
  warmUps: 1,
  async open(lab) {
    await using cleanup = new AsyncDisposableStack();
    const vm = cleanup.use(await openSshVm(lab));
    const repository = await openRepository(lab);
    let count = 0;
    const nextPath = () => `/root/copy-${String((count += 1))}`;
    const owned = cleanup.move(); // The subject owns the VM.
    return {
      async value() {
        const path = nextPath();
        const took = await timed(() => prepare(vm, repository, path));
        await vm.exec(['rm', '-rf', path]);
        return took;
      },
      async floor() {
        const path = nextPath();
        const script = `tar -C '${repository}' -c . | ssh -F '${vm.sshConfig}' ${vm.name}.vm 'mkdir ${path} && tar -C ${path} -x'`;
        const took = await timed(() => must(['bash', '-o', 'pipefail', '-c', script], vm.env));
        await vm.exec(['rm', '-rf', path]);
        return took;
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
};

export const reship: Benchmark = {
  id: 'reship',
  what: 'the same `vm workspace prepare` again when nothing has changed, against the first time',
  unit: 'ms',
  goal: 0.1,
  runs: 5,
  warmUps: 1,
  async open(lab) {
    await using cleanup = new AsyncDisposableStack();
    const vm = cleanup.use(await openSshVm(lab));
    const repository = await openRepository(lab);
    const path = '/root/repo';
    await prepare(vm, repository, path);
    const owned = cleanup.move(); // The subject owns the VM.
    return {
      value: () => timed(() => prepare(vm, repository, path)),
      async floor() {
        await vm.exec(['rm', '-rf', '/root/fresh']);
        return await timed(() => prepare(vm, repository, '/root/fresh'));
      },
      [Symbol.asyncDispose]: () => owned.disposeAsync(),
    };
  },
};

async function openRepository({ home }: Lab): Promise<string> {
  const repository = join(home.scratch, 'repository');
  await makeSampleRepository(repository);
  return repository;
}

function prepare(vm: SshVm, repository: string, path: string): Promise<unknown> {
  return vm.banger(['vm', 'workspace', 'prepare', vm.name, repository, '--guest-path', path]);
}

async function must(command: readonly string[], env: Readonly<Record<string, string>>) {
  const { status, stderr } = await runToEnd(command, { env });
  if (status !== 0) throw new Error(`${command.join(' ')} failed:\n${stderr}`);
}
