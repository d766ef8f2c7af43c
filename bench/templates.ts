import { writeFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

import { Template } from '@banger/protocol/template';
import type { VmSpec } from '@banger/protocol/vm';

import { hostBootId } from '../packages/banger/src/host/proc-identity.ts';
import { createTemplates } from '../packages/banger/src/template/create-templates.ts';
import type { StoredTemplate } from '../packages/banger/src/template/templates.ts';
import type { Home } from './home.ts';
import type { Lab } from './lab.ts';

const READY_MS = 60_000;
const LOOK_MS = 50;

/** A daemon that keeps this many forks prepared. */
export async function useStandbys(home: Home, count: number): Promise<void> {
  await mkdir(dirname(home.paths.configFile), { recursive: true });
  await writeFile(home.paths.configFile, `[templates]\nstandby = ${String(count)}\n`);
  await home.banger(['daemon', 'restart']);
}

/** The template that VMs of this spec are forked from; one has been started before. */
export async function templateFor(lab: Lab, spec: VmSpec): Promise<StoredTemplate> {
  const { home, clock } = lab;
  await using store = createTemplates({
    dir: home.paths.templates,
    clock,
    bootId: hostBootId(),
    processes: lab.processes,
    path: process.env['PATH'],
  });
  const found = (await store.list()).find(
    ({ shape, imageName }) =>
      imageName === spec.image && shape.memoryMib === spec.memoryMib && shape.vcpu === spec.vcpu,
  );
  if (found === undefined) throw new Error(`there is no template of ${spec.image}`);
  return found;
}

export async function standbyReady({ home, signal }: Lab): Promise<void> {
  const deadline = performance.now() + READY_MS;
  for (;;) {
    const { stdout } = await home.banger(['template', 'list', '--json']);
    if (
      Template.array()
        .parse(JSON.parse(stdout))
        .some(({ standby }) => standby > 0)
    )
      return;
    if (performance.now() > deadline) throw new Error('no standby gets ready');
    await wait(LOOK_MS, undefined, { signal });
  }
}
