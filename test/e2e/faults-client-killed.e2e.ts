import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { dirname, join } from 'node:path';

import {
  listVms,
  SMALL,
  startBanger,
  stateOf,
  until,
  untilClean,
  useFakeQemu,
  writeConfig,
} from '../support/faults.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';

/**
 * The client of a VM that is being made or used dies, or is asked to end. Everything that it waits for stands still in
 * one stage: an archive that accepts and says nothing, a mkfs that sleeps, a guest that does not answer, a command that
 * runs for ever.
 */

const HOW = ['SIGKILL', 'SIGINT', 'SIGTERM'] as const;

sandboxTest(
  'a client ended while the image and the kernel are pulled',
  { images: 'empty' },
  async (home) => {
    await using archive = await openSilentServer();
    await writeConfig(
      home,
      `debian_mirror = "${archive.url}"\ndebian_security_mirror = "${archive.url}"\n`,
    );

    for (const how of HOW) {
      const running = startBanger(home, run('pulling'));
      await until('it asks the archive', () => archive.isAsked());
      running.kill(how);

      await assertEnded(running.ended, how);
      await assertGone(home);
      archive.hangUp();
    }
  },
);

sandboxTest('a client ended while the disks are made', {}, async (home) => {
  await useFakeQemu(home);
  const bin = join(dirname(home.stateDir), 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'mkfs.ext4'), '#!/bin/sh\nexec sleep 1000\n', { mode: 0o755 });
  await home.ok(['daemon', 'start'], { env: { PATH: `${bin}:${process.env['PATH'] ?? ''}` } });

  for (const how of HOW) {
    const running = startBanger(home, run('formatting'));
    await running.says(/Making the ssh host key \d/);
    running.kill(how);

    await assertEnded(running.ended, how);
    await assertGone(home);
  }
});

sandboxTest('a client ended while the guest boots', {}, async (home) => {
  await useFakeQemu(home);

  for (const how of HOW) {
    const running = startBanger(home, run('silent'));
    await running.says(/Starting the monitor \d/);
    running.kill(how);

    await assertEnded(running.ended, how);
    await assertGone(home);
  }
});

sandboxTest(
  'a client killed under its command: with --rm the VM goes, without it the VM stays',
  {},
  async (home) => {
    await useFakeQemu(home);

    const removing = startBanger(home, run('going'));
    await until('it runs', async () => (await stateOf(home, 'going')).name === 'running');
    removing.kill('SIGKILL');
    await untilClean(home);

    const leaving = startBanger(
      home,
      run('staying').filter((word) => word !== '--rm'),
    );
    await until('it runs', async () => (await stateOf(home, 'staying')).name === 'running');
    leaving.kill('SIGKILL');
    await leaving.ended;
    assert.equal((await stateOf(home, 'staying')).name, 'running');
    await home.ok(['exec', 'staying', '--', 'true']);

    await home.ok(['vm', 'delete', 'staying']);
    await home.assertHostIsClean();
  },
);

sandboxTest(
  'a real guest: Ctrl-C goes to the command, a killed client takes command and VM with it',
  {},
  async (home) => {
    const real = ['run', '--rm', '--name', 'real', ...SMALL, '--'];
    const script = 'trap "echo interrupted; exit 7" INT; echo up; while :; do sleep 1; done';
    const running = startBanger(home, [...real, 'sh', '-c', script]);
    await running.says(/^up/m, 120_000);

    running.kill('SIGINT');

    const { status, stdout } = await running.ended;
    assert.equal(status, 7);
    assert.match(stdout, /interrupted/);
    await untilClean(home);

    const killed = startBanger(home, [...real, 'sh', '-c', 'echo up; exec sleep 1000']);
    await killed.says(/^up/m, 120_000);
    killed.kill('SIGKILL');
    await assertGone(home);
  },
);

/** A daemon hears of a killed client a moment later, and then has to undo. */
async function assertGone(home: SandboxHome): Promise<void> {
  await until('no VM is listed', async () => (await listVms(home)).length === 0);
  await untilClean(home);
}

function run(name: string): readonly string[] {
  return ['run', '--rm', '--verbose', '--name', name, ...SMALL, '--', 'sleep', '1000'];
}

/** A client that was asked to end says so and waits for the clean-up. */
async function assertEnded(
  ended: Promise<{
    readonly status: number | null;
    readonly signal: string | null;
    readonly stderr: string;
  }>,
  how: (typeof HOW)[number],
): Promise<void> {
  const { status, signal, stderr } = await ended;
  if (how === 'SIGKILL') {
    assert.equal(signal, 'SIGKILL');
    return;
  }
  assert.equal(status, how === 'SIGINT' ? 130 : 143, stderr);
  assert.match(stderr, new RegExp(`^error: .*${how}`, 'm'));
}

interface SilentServer extends AsyncDisposable {
  readonly url: string;
  isAsked(): boolean;
  hangUp(): void;
}

/** Accepts every connection and never answers. */
async function openSilentServer(): Promise<SilentServer> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const hangUp = () => {
    for (const socket of sockets) socket.destroy();
    sockets.clear();
  };
  return {
    url: `http://127.0.0.1:${String(port)}/debian`,
    isAsked: () => sockets.size > 0,
    hangUp,
    async [Symbol.asyncDispose]() {
      hangUp();
      server.close();
      await once(server, 'close');
    },
  };
}
