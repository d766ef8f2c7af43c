import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { z } from 'zod';

import { createFakeJailer } from './fake-jailer.ts';
import { until, writeConfig } from './faults.ts';
import { copyOfProgram } from './installed-program.ts';
import { busyboxLayer, debianLayer, pullMade, treeOf } from './run-images.ts';
import { runToEnd } from './run-to-end.ts';
import type { SandboxHome } from './sandbox-home.ts';
import { chosen } from './warm-store.ts';

/** A host of VMs as small as systemd, QEMU and the bridge let it be. */
const PACKAGES = [
  ...['systemd-sysv', 'dbus', 'kmod', 'procps'],
  ...['iproute2', 'nftables', 'qemu-system-x86'],
];

/**
 * Without udev a console's device never comes, and systemd would wait a minute and a half for it; and the device of taps
 * would be root's alone.
 */
const CUSTOMIZE = `
ln -s /dev/null "$1/etc/systemd/system/serial-getty@.service"
echo 'z /dev/net/tun 0666' >"$1/etc/tmpfiles.d/tun.conf"
chroot "$1" useradd --create-home --uid 1000 --shell /bin/bash ana`;

const INNER = 'tiny';

const TemplateFiles = z.record(z.string(), z.object({ crc32: z.number().nullable() }));

/** A VM in which another banger is installed and has a VM. */
export const NESTED = {
  image: 'nested-host',
  /** Its one user, with the built program in `banger` */
  uid: 1000,
  home: '/home/ana',
  /** What a state directory has of the VM within: kernel, image, template */
  store: '/srv/store',
  config: 'tap_pool_size = 0\n[vm_defaults]\noverlay_size = "128M"\n[templates]\nstandby = 0\n',
  /** Of the VM within: busybox, with the agent as its init */
  inner: [
    ...['--image', INNER, '--vcpu', '1', '--memory', '128M', '--disk-size', '128M'],
    ...['--network', 'bridge'],
  ],
} as const;

/**
 * Pulls its image, for a home with a network of its own. All that emulation would make long is in it: what would have to be copied and unpacked, and the template
 * that the VM within is forked from, since a machine emulated by an emulated machine takes minutes to boot.
 */
export async function pullNestedHost(home: SandboxHome): Promise<void> {
  await writeConfig(home, NESTED.config); // As the one within has it, whom the template is to fit.
  const layers = [await busyboxLayer(['sh', 'cat', 'ping', 'true'])];
  await pullMade(home, { name: INNER, layers, config: { Cmd: ['sh'] } });
  await home.ok(['run', '--rm', ...NESTED.inner, '--', 'true']);
  await until('templates have their sums', () => haveSums(home.stateDir));
  await writeConfig(home, '');
  await home.ok(['daemon', 'restart']);
  await pullMade(home, {
    name: NESTED.image,
    layers: [await debianLayer(PACKAGES, CUSTOMIZE), await programLayer(), await storeLayer(home)],
    config: { StopSignal: 'SIGRTMIN+3' },
  });
}

/** By these a copy is known to be whole. */
async function haveSums(stateDir: string): Promise<boolean> {
  const lacking = await chosen(stateDir, 'templates', ({ files }) =>
    Object.values(TemplateFiles.parse(files)).some(({ crc32 }) => crc32 === null),
  );
  return lacking.length === 0;
}

async function programLayer(): Promise<Buffer> {
  await using program = await copyOfProgram();
  return await layerAt(join(NESTED.home, 'banger'), (dir) =>
    cp(program.dir, dir, { recursive: true }),
  );
}

async function storeLayer({ stateDir }: SandboxHome): Promise<Buffer> {
  const isInner = (name: unknown) => String(name).split(':')[0] === INNER;
  const parts = [
    ...['kernels', 'initrds'],
    ...(await chosen(stateDir, 'images', ({ name }) => isInner(name))),
    ...(await chosen(stateDir, 'templates', ({ imageName }) => isInner(imageName))),
  ];
  return await layerAt(NESTED.store, async (dir) => {
    for (const part of parts) {
      await mkdir(dirname(join(dir, part)), { recursive: true });
      await runToEnd(['cp', '-a', '--sparse=always', join(stateDir, part), join(dir, part)], {});
    }
  });
}

/** Of the user's files, at a path whose parent is there. */
function layerAt(path: string, make: (dir: string) => Promise<void>): Promise<Buffer> {
  const owner = { uid: NESTED.uid, path: path.slice(1) };
  return treeOf(async (root) => {
    await mkdir(join(root, path), { recursive: true });
    await make(join(root, path));
  }, owner);
}

/** Firecracker, as far as a jail is concerned, and its jailer: where only root can change them. */
export async function installJailStandIns(home: SandboxHome): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'banger-stand-ins-'));
  await createFakeJailer({ dir });
  const program = '[ "$1" != --version ] || { echo Firecracker v1.16.1; exit; }\n: >api.sock\n';
  await writeFile(join(dir, 'firecracker'), `#!/bin/sh\n${program}exec sleep 3600\n`, {
    mode: 0o755,
  });
  for (const name of ['jailer', 'firecracker']) {
    await home.ok(['cp', join(dir, name), `host:/usr/local/bin/${name}`]);
    await home.ok(['exec', 'host', '--', 'chown', '0:0', `/usr/local/bin/${name}`]);
  }
  await rm(dir, { recursive: true });
}
