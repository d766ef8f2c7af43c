import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { tool } from '../test/support/real-registry.ts';
import type { Benchmark, Subject } from './benchmark.ts';
import type { Lab } from './lab.ts';
import { timed } from './stopwatch.ts';

/** Two stages on a busybox, a command in each: as little as can be built, so that what is measured is the building. */
const DOCKERFILE = `
FROM scratch AS tools
ADD root.tar /
COPY words /words
RUN sort /words > /sorted
FROM scratch
ADD root.tar /
COPY --from=tools /sorted /srv/sorted
RUN wc -l /srv/sorted > /srv/count
WORKDIR /srv
CMD ["cat", "count"]
`;

/** The kernel's template is there, as after any VM. */
export const buildTwoStage: Benchmark = {
  ...{ id: 'build-two-stage', unit: 'ms', goal: null, runs: 5, warmUps: 1 },
  what: '`image build --no-cache` of two stages with a command in each, against `buildah bud` without isolation of machines',
  open: (lab) => openBuild(lab, { ours: ['--no-cache'], theirs: ['--no-cache'] }),
};

export const buildCached: Benchmark = {
  ...{ id: 'build-cached', unit: 'ms', goal: null, runs: 5, warmUps: 1 },
  what: 'the same build when nothing changed, against `buildah bud --layers`',
  open: (lab) => openBuild(lab, { ours: [], theirs: ['--layers'] }),
};

interface Flags {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
}

async function openBuild({ home }: Lab, { ours, theirs }: Flags): Promise<Subject> {
  const dir = await mkdtemp(join(home.scratch, 'build-'));
  const context = await writeContext(dir);
  const store = ['--root', join(dir, 'store'), '--runroot', join(dir, 'run')];
  const buildah = ['buildah', ...store, '--storage-driver', 'vfs'];
  const bud = [...buildah, 'bud', '--isolation', 'chroot', '--tag', 'built', ...theirs, context];
  return {
    value: () =>
      timed(() => home.banger(['image', 'build', '-t', 'built', '--vcpu', '1', ...ours, context])),
    floor: () => timed(() => tool(bud)),
    async [Symbol.asyncDispose]() {
      await tool([...buildah, 'rmi', '--all', '--force']);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function writeContext(dir: string): Promise<string> {
  const [context, root] = [join(dir, 'context'), join(dir, 'root')];
  await mkdir(context);
  await mkdir(join(root, 'bin'), { recursive: true });
  await cp('/bin/busybox', join(root, 'bin/busybox'));
  for (const name of ['sh', 'sort', 'wc', 'cat']) await symlink('busybox', join(root, 'bin', name));
  await tool(['tar', '-cf', join(context, 'root.tar'), '-C', root, '.']);
  const words = Array.from({ length: 20_000 }, (_, at) => `word ${String((at * 7919) % 20_000)}`);
  await writeFile(join(context, 'words'), `${words.join('\n')}\n`);
  await writeFile(join(context, 'Dockerfile'), DOCKERFILE);
  return context;
}
