import { mkdir, readFile } from 'node:fs/promises';
import { get } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

import { VmPort } from '@banger/protocol/port';

import { repositoryRoot } from './repository.ts';
import { runToEnd } from './run-to-end.ts';
import type { SandboxHome } from './sandbox-home.ts';
import { guestSays } from './vms.ts';

const source = join(repositoryRoot, 'test/support/port-server');
const program = join(repositoryRoot, '.cache/port-server');

/** Ships the server of `port-server/main.go` into a VM. */
export async function putServer(home: SandboxHome, vm: string): Promise<void> {
  await mkdir(join(repositoryRoot, '.cache'), { recursive: true });
  const built = await runToEnd(
    ['go', 'build', '-trimpath', '-ldflags', '-s -w', '-o', program, '.'],
    {
      cwd: source,
      env: { ...inherited(), CGO_ENABLED: '0' },
    },
  );
  if (built.status !== 0) throw new Error(built.stderr);
  const put = ['vm', 'exec', vm, '--', 'sh', '-c', 'cat >/root/server && chmod +x /root/server'];
  await home.ok(put, { stdin: await readFile(program) });
}

/** Starts one that outlives the command, and resolves with its pid when it listens. */
export async function serve(
  home: SandboxHome,
  vm: string,
  places: readonly string[],
): Promise<string> {
  const log = `/tmp/server-${places.join('-').replaceAll(/[^\w-]/g, '_')}`;
  const command = [
    `setsid /root/server ${places.join(' ')} >${log} 2>&1 </dev/null & pid=$!`,
    `until grep -q listening ${log}; do kill -0 $pid || { cat ${log}; exit 1; }; sleep 0.02; done; echo $pid`,
  ].join('\n');
  return guestSays(home, vm, ['sh', '-c', command]);
}

export async function portsOf(home: SandboxHome, vm: string): Promise<readonly VmPort[]> {
  const { stdout } = await home.ok(['vm', 'ports', vm, '--json']);
  return VmPort.array().parse(JSON.parse(stdout));
}

/** The body of a page, over a connection of its own; rejects when nobody answers. */
export function page(url: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(30_000);
    get(url, { agent: false, signal }, (answer) => void text(answer).then(resolve, reject)).on(
      'error',
      reject,
    );
  });
}

export async function answers(url: string): Promise<boolean> {
  return page(url).then(
    () => true,
    () => false,
  );
}

/** How long it takes until a page answers, or ceases to; fails after a minute. */
export async function msUntil(url: string, isAnswering: boolean): Promise<number> {
  const begin = performance.now();
  while ((await answers(url)) !== isAnswering) {
    if (performance.now() - begin > 60_000) {
      throw new Error(`${url} ${isAnswering ? 'does not answer' : 'still answers'} after a minute`);
    }
    await pause(20);
  }
  return performance.now() - begin;
}

function inherited(): Record<string, string> {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      (entry): entry is [string, string] => entry[1] !== undefined,
    ),
  );
}
