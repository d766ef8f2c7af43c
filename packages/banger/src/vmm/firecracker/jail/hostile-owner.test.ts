import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { suite, test } from 'node:test';
import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { aJail } from '../../../../../../test/contract/jail-host-scene.ts';
import { createJailScene, jailPrograms } from './jail-scene.fixture.ts';

/** What an owner, who may write in the directory of a jail while something runs in it, leaves there for root. */

const { signal } = new AbortController();
const { id, uid } = aJail(1);
const owner = { uid: 65_534, gid: 65_534 };
const [programs] = jailPrograms({});

async function someRun() {
  if (programs === undefined) throw new Error('these take root');
  const scene = await createJailScene(programs, { owner });
  const [kernel, secret] = [await scene.file('kernel', 'elf'), scene.path('secret')];
  const dir = scene.path('secrets');
  await writeFile(secret, 'root only', { mode: 0o600 });
  await mkdir(dir, { mode: 0o755 });
  await writeFile(join(dir, 'one'), 'kept');
  const host = scene.caller();
  const root = host.rootOf(id);
  const order = { id, args: [...scene.args], logFile: scene.logFile };
  const start = async () => {
    await host.place({ id, uid }, [{ name: 'kernel', hostPath: kernel, access: 'read' }], signal);
    return host.spawn({ ...order, limits: { memoryMib: 64, vcpus: 1 } }, signal);
  };
  return {
    ...{ scene, host, root, secret, dir, start },
    /** As the owner, while it runs */
    plant(script: string): void {
      const ids = ['--reuid', String(owner.uid), '--regid', String(owner.gid), '--clear-groups'];
      execFileSync('setpriv', [...ids, 'sh', '-ec', `cd ${root}; ${script}`]);
    },
    async assertUntouched() {
      assert.equal(await readFile(secret, 'utf8'), 'root only');
      assert.equal(await readFile(join(dir, 'one'), 'utf8'), 'kept');
      const modes = execFileSync('stat', ['-c', '%a %u %g', secret, dir], { encoding: 'utf8' });
      assert.equal(modes, '600 0 0\n755 0 0\n');
    },
    [Symbol.asyncDispose]: () => scene[Symbol.asyncDispose](),
  };
}

suite('an owner who leaves traps in a jail', { skip: programs === undefined }, () => {
  test('has nothing of root’s written, given away or removed by the next start', async () => {
    await using run = await someRun();
    const { secret, dir } = run;
    await using first = await run.start();
    run.plant(
      `for name in kernel overlay firecracker.pid; do ln -sf ${secret} $name; done
       mv firecracker gone; ln -s ${secret} firecracker; mv dev away; ln -s ${dir} dev; mkdir base; ln -s ${dir} base/deep`,
    );
    await first[Symbol.asyncDispose]();

    await using second = await run.start();

    assert.equal(second.gone.aborted, false);
    await run.assertUntouched();
  });

  test('has nothing but the jail removed with it', async () => {
    await using run = await someRun();
    const child = await run.start();
    run.plant(
      `ln -s ${run.dir} saved-memory; mkdir -p a/b; ln -s ${run.dir} a/b/c; ln -s ${run.secret} modules; mkfifo pipe`,
    );
    await child[Symbol.asyncDispose]();

    await run.host.remove(id, signal);

    assert.equal(existsSync(run.root), false);
    await run.assertUntouched();
  });

  test('cannot change a jail between two runs', async () => {
    await using run = await someRun();
    await (await run.start())[Symbol.asyncDispose]();
    await run.host.place({ id, uid }, [], signal);

    assert.throws(() => run.plant('touch late'));
  });

  test('is given only what the jail has made', async () => {
    await using run = await someRun();
    await using _ = await run.start();
    run.plant(`ln -s ${run.secret} saved-state; echo mine > saved-memory`);

    for (const name of ['saved-state', 'saved-memory'] as const)
      await assert.rejects(run.host.giveOut(id, name, signal), { code: 'host.jail_unusable' });

    await run.assertUntouched();
  });
});
