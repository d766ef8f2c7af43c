import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { connect } from '@banger/sdk';

import { startRealRegistry, tool } from '../test/support/real-registry.ts';
import type { Benchmark } from './benchmark.ts';
import { type Home, openHome } from './home.ts';
import type { Lab } from './lab.ts';
import { writeSampleLayer } from './sample-layer.ts';
import { timed } from './stopwatch.ts';

/** The daemon is there, and its cache is empty; the registry is on this machine, so the network costs neither side. */
export const oci: Benchmark = {
  id: 'oci',
  what: '`image pull` of an image of 300 MB and 20,000 files, registry to bootable disk, against `skopeo copy`, `umoci unpack` and `mkfs.ext4 -d`',
  unit: 'ms',
  goal: 0.7,
  runs: 5,
  warmUps: 1,
  async open(lab) {
    const sample = await openSample(lab);
    return {
      async value() {
        await using home = await openHome();
        await home.banger(['daemon', 'start']);
        return await timed(() => home.banger(['image', 'pull', sample.image]));
      },
      floor: () => timedFloor(lab, sample.image),
      [Symbol.asyncDispose]: () => sample[Symbol.asyncDispose](),
    };
  },
};

export const ociMemory: Benchmark = {
  id: 'oci-memory',
  what: 'the most memory that a daemon had that has pulled that image, against one that has done nothing',
  unit: 'mib',
  goal: null,
  runs: 3,
  warmUps: 0,
  async open(lab) {
    const sample = await openSample(lab);
    return {
      value: () => peakOf((home) => home.banger(['image', 'pull', sample.image])),
      floor: () => peakOf((home) => home.banger(['daemon', 'start'])),
      [Symbol.asyncDispose]: () => sample[Symbol.asyncDispose](),
    };
  },
};

interface Sample extends AsyncDisposable {
  readonly image: string;
}

async function openSample({ home }: Lab): Promise<Sample> {
  await using cleanup = new AsyncDisposableStack();
  const registry = cleanup.use(await startRealRegistry());
  const dir = await mkdtemp(join(home.scratch, 'sample-'));
  try {
    const [layer, layout] = [join(dir, 'layer.tar'), join(dir, 'layout')];
    await writeSampleLayer(layer);
    await tool(['umoci', 'init', '--layout', layout]);
    await tool(['umoci', 'new', '--image', `${layout}:1`]);
    await tool(['umoci', 'raw', 'add-layer', '--image', `${layout}:1`, layer]);
    const image = `${registry.host}/sample:1`;
    const plainHttp = '--dest-tls-verify=false';
    await tool(['skopeo', 'copy', '-q', plainHttp, `oci:${layout}:1`, `docker://${image}`]);
    const owned = cleanup.move(); // The sample owns the registry.
    return { image, [Symbol.asyncDispose]: () => owned.disposeAsync() };
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** What somebody would type who has the three tools; a normal user does without the owners. */
async function timedFloor({ home, uid }: Lab, image: string): Promise<number> {
  const dir = await mkdtemp(join(home.scratch, 'floor-'));
  const [layout, bundle] = [join(dir, 'layout'), join(dir, 'bundle')];
  const rootless = uid === 0 ? [] : ['--rootless'];
  try {
    return await timed(async () => {
      const from = ['--src-tls-verify=false', `docker://${image}`];
      await tool(['skopeo', 'copy', '-q', ...from, `oci:${layout}:1`]);
      await tool(['umoci', 'unpack', ...rootless, '--image', `${layout}:1`, bundle]);
      const tree = join(bundle, 'rootfs');
      const disk = join(dir, 'root.ext4');
      await tool(['/usr/sbin/mkfs.ext4', '-q', '-F', '-m', '0', '-d', tree, disk, '600M']);
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function peakOf(work: (home: Home) => Promise<unknown>): Promise<number> {
  await using home = await openHome();
  await work(home);
  using banger = connect({ socket: home.paths.socket });
  const { pid } = await banger.daemon.info();
  const status = await readFile(`/proc/${String(pid)}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}
