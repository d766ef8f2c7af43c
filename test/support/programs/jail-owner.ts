/**
 * A jail of an installed banger, asked for as its daemon does: `jail-owner.ts start|end`. What is started goes on when this
 * ends. Prints what came of it as JSON.
 */
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { createHelperConnection } from '../../../packages/banger/src/helper/helper-connection.ts';
import { createHelperJailHost } from '../../../packages/banger/src/helper/helper-jail-host.ts';
import { helpedJails } from '../../../packages/banger/src/helper/helped-jails.ts';
import { JAIL_SOCKET } from '../../../packages/banger/src/helper/helper-settings.ts';
import { bangerPaths } from '../../../packages/banger/src/host/paths.ts';
import { createSystemClock } from '../../../packages/banger/src/host/system-clock.ts';
import { jailUid } from '../../../packages/banger/src/vmm/firecracker/jail/jail-user.ts';

const id = 'vm-one';
const owner = { uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 };
const { stateDir } = bangerPaths({ env: process.env, uid: owner.uid });
const jail = { id, uid: jailUid(stateDir, '172.16.0.17') };
const [kernel, logFile] = [join(stateDir, 'a-kernel'), join(stateDir, 'a-log')];
const signal = AbortSignal.timeout(60_000);
const connection = createHelperConnection(JAIL_SOCKET);
const host = createHelperJailHost({
  ...{ connection, socket: JAIL_SOCKET, owner, clock: createSystemClock() },
  ...{
    banger: stateDir,
    base: helpedJails(stateDir),
    jailer: 'jailer',
    firecracker: 'firecracker',
  },
});

async function start(): Promise<unknown> {
  const problems = await host.problems(signal);
  await writeFile(kernel, 'a kernel');
  const place = (hostPath: string) =>
    host.place(jail, [{ name: 'kernel', hostPath, access: 'read' }], signal);
  const refused = await place('/etc/shadow').then(
    () => undefined,
    (error: unknown) => String(error),
  );
  await place(kernel);
  const limits = { memoryMib: 64, vcpus: 1 };
  const order = { id, args: ['--api-sock', 'api.sock'], logFile, limits };
  const { identity } = await host.spawn(order, signal);
  await writeFile(join(host.rootOf(id), 'made'), 'by the owner');
  return { problems, refused, uid: jail.uid, pid: identity.pid };
}

async function end(): Promise<unknown> {
  const [found] = await host.find(id);
  const child = found && (await host.adopt(id, found));
  await child?.[Symbol.asyncDispose]();
  await host.remove(id, signal);
  for (const file of [kernel, logFile]) await rm(file);
  return { pid: found?.pid, left: await host.list(signal) };
}

const said = await (process.argv[2] === 'start' ? start() : end());
process.stdout.write(`${JSON.stringify(said)}\n`);
await connection[Symbol.asyncDispose]();
process.exit(); // What it has started is still watched.
