import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import type { Finished } from '../test/support/run-to-end.ts';
import { openFullLab, type Lab } from './lab.ts';

/** A running VM of the default image, with its OpenSSH, and an ssh configuration that reaches it. */
export interface SshVm extends AsyncDisposable {
  readonly name: string;
  readonly sshConfig: string;
  readonly env: Readonly<Record<string, string>>;
  banger(args: readonly string[]): Promise<Finished>;
  /** Runs a command in it, outside of any measure. */
  exec(argv: readonly string[]): Promise<Finished>;
}

const NAME = 'bench';

export async function openSshVm({ signal }: Pick<Lab, 'signal'>): Promise<SshVm> {
  await using cleanup = new AsyncDisposableStack();
  const { home } = cleanup.use(await openFullLab(signal));
  await home.banger(['vm', 'create', '--name', NAME]);
  const sshConfig = join(home.scratch, 'ssh_config');
  await writeFile(sshConfig, (await home.banger(['ssh-config'])).stdout);
  const owned = cleanup.move(); // The VM's home is what the caller disposes of.
  return {
    name: NAME,
    sshConfig,
    env: home.env,
    banger: (args) => home.banger(args),
    exec: (argv) => home.banger(['vm', 'exec', '--cwd', '/', NAME, '--', ...argv]),
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  };
}
