import assert from 'node:assert/strict';
import { cp, mkdir, mkdtempDisposable, readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';

import { Image } from '@banger/protocol/image';

import { assertFails, killAndWait, startBanger, untilClean } from '../support/faults.ts';
import { tarOf, writeLayout } from '../support/image-layout.ts';
import { busyboxRoot, glibcRoot, startRealRegistry, tool } from '../support/real-registry.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';
import { inside, mayMount, startOnTmpfs } from '../support/small-disk.ts';
import { anImage, digestOf } from '../support/oci-image.ts';
import { startRegistry } from '../support/stand-in-registry.ts';

/** Images of registries and archives that real tools have filled, and what becomes of pulls that are disturbed. */

const SIZE = ['--vcpu', '1', '--memory', '256M', '--disk-size', '128M'];

sandboxTest('images that skopeo, umoci and buildah have made', {}, async (home, _, part) => {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-oci-e2e-'));
  await using registry = await startRealRegistry();
  const { host } = registry;
  const layout = join(dir.path, 'layout');
  const umoci = (...args: string[]) => tool(['umoci', ...args]);
  await umoci('init', '--layout', layout);
  for (const [tag, root] of [
    ['busy', await busyboxRoot(join(dir.path, 'busy'))],
    ['glibc', await glibcRoot(join(dir.path, 'glibc'))],
  ] as const) {
    await umoci('new', '--image', `${layout}:${tag}`);
    await umoci('insert', '--image', `${layout}:${tag}`, root, '/');
    const config = [
      '--config.cmd',
      'sh',
      '--config.env',
      'PATH=/bin',
      '--config.env',
      'FROM=umoci',
    ];
    await umoci('config', '--image', `${layout}:${tag}`, ...config);
  }
  const push = (from: string, to: string) =>
    tool(['skopeo', 'copy', '-q', '--dest-tls-verify=false', from, `docker://${host}/${to}`]);
  const run = (image: string, ...argv: string[]) =>
    home.ok(['run', '--rm', '--image', image, ...SIZE, '--', ...argv], { stdin: '' });

  await part('are pulled by tag, and found by digest and by every spelling', async () => {
    await push(`oci:${layout}:busy`, 'busy:1');

    const pulled = await home.ok(['image', 'pull', `${host}/busy:1`]);
    const image = await shown(home, `${host}/busy:1`);
    const byDigest = await home.ok(['image', 'pull', `${host}/busy@${image.digest ?? ''}`]);

    assert.equal(pulled.stdout, `${host}/busy:1\n`);
    assert.deepEqual([image.kind, image.init, image.config.cmd], ['oci', 'agent', ['sh']]);
    assert.equal(byDigest.stdout, `${host}/busy:1\n`);
  });

  await part('run commands: busybox, which needs no library', async () => {
    const { stdout } = await run(`${host}/busy:1`, 'sh', '-c', 'echo "$FROM $(id -u) $(ls /bin)"');

    assert.match(stdout, /^umoci 0 busybox/);
  });

  await part('run commands: glibc, pulled by the run itself', async () => {
    await push(`oci:${layout}:glibc`, 'glibc');

    const { stdout } = await run(`${host}/glibc`, 'bash', '-c', 'echo "bash $BASH_VERSION"');

    assert.match(stdout, /^bash 5/);
  });

  await part('have layers of zstd and plain ones', async () => {
    const archive = join(dir.path, 'busy.docker.tar');
    await tool(['skopeo', 'copy', '-q', `oci:${layout}:busy`, `docker-archive:${archive}:busy:1`]);
    const [{ Layers } = { Layers: [''] }] = JSON.parse(
      (await tool(['tar', '-xOf', archive, 'manifest.json'])).stdout,
    ) as { Layers: string[] }[];
    const { stdoutBytes: tar } = await tool(['tar', '-xOf', archive, Layers[0] ?? '']);
    const zstd = zstdCompressSync(tar);
    for (const [tag, layer, suffix] of [
      ['zstd', zstd, '+zstd'],
      ['plain', tar, ''],
    ] as const) {
      const type = `application/vnd.oci.image.layer.v1.tar${suffix}`;
      const image = anImage({ layers: [layer], diffIds: [digestOf(tar)], layerType: type });
      await writeLayout(join(dir.path, tag), { [tag]: image });
      await push(`oci:${join(dir.path, tag)}:${tag}`, `busy:${tag}`);

      await home.ok(['image', 'pull', `${host}/busy:${tag}`]);
    }

    const { stdout } = await run(`${host}/busy:zstd`, '/bin/echo', 'from zstd');
    assert.equal(stdout, 'from zstd\n');
  });

  await part('are made by buildah', async () => {
    const storage = ['--root', join(dir.path, 'storage'), '--runroot', join(dir.path, 'run')];
    const buildah = (...args: string[]) =>
      tool(['buildah', ...storage, '--storage-driver', 'vfs', ...args]);
    const container = (await buildah('from', 'scratch')).stdout.trim();
    await buildah('copy', container, join(dir.path, 'busy'), '/');
    await buildah('config', '--entrypoint', '["/bin/echo","built"]', '--user', 'ana', container);
    const name = (await buildah('commit', '-q', container)).stdout.trim();
    await buildah('push', '-q', '--tls-verify=false', name, `docker://${host}/built:1`);

    const { stdout } = await run(`${host}/built:1`, 'by buildah');

    assert.equal(stdout, 'built by buildah\n');
  });

  await part('come as archives too, by their own name or another', async () => {
    const at = (name: string) => join(dir.path, name);
    await tool([
      'skopeo',
      'copy',
      '-q',
      `oci:${layout}:busy`,
      `oci-archive:${at('o.tar')}:saved:1`,
    ]);
    await tool(['gzip', '-k', at('busy.docker.tar')]);

    const loaded = async (...args: string[]) =>
      (await home.ok(['image', 'pull', ...args])).stdout.trim();

    assert.equal(await loaded(at('o.tar')), 'saved:1');
    assert.equal(await loaded(at('busy.docker.tar.gz')), 'busy:1');
    assert.equal(await loaded(`oci:${layout}:busy`), 'layout:busy');
    assert.equal(await loaded(layout, '--ref', 'glibc', '--name', 'my/glibc'), 'my/glibc:latest');
    const stdin = await readFile(at('o.tar'));
    const piped = await home.ok(['image', 'pull', '-', '--name', 'piped'], { stdin });
    assert.equal(piped.stdout, 'piped:latest\n');
    const usage = { status: 2 };
    await assertFails(home, ['image', 'pull', layout], /several in it: "busy", "glibc"/, usage);
    await assertFails(home, ['image', 'pull', at('nothing')], /there is no such file/, usage);
    await assertFails(home, ['image', 'pull', '/etc/passwd'], /Cannot read the archive/);

    const { stdout } = await run('my/glibc', 'bash', '-c', 'echo loaded');
    assert.equal(stdout, 'loaded\n');
  });

  await part('that are not there, or not for this machine, say so', async () => {
    const arm = anImage({ architecture: 'arm64' });
    await writeLayout(join(dir.path, 'arm'), { arm });
    await push(`oci:${join(dir.path, 'arm')}:arm`, 'arm');

    await assertFails(home, ['image', 'pull', `${host}/busy:9`], /has none: MANIFEST_UNKNOWN/);
    await assertFails(
      home,
      ['image', 'pull', `${host}/arm`],
      /not for linux\/amd64, but for linux\/arm64/,
    );
    await assertFails(
      home,
      ['image', 'pull', '--platform', 'linux/arm64', `${host}/busy:1`],
      /not for linux\/arm64, but for linux\/amd64/,
    );
  });
});

sandboxTest('a registry with a login and a CA of its own', {}, async (home, _, part) => {
  await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-oci-e2e-'));
  const login = { username: 'ana', password: 'correct horse' };
  await using registry = await startRealRegistry({ secure: login });
  const { host, caFile } = registry;
  await writeLayout(join(dir.path, 'app'), {
    app: anImage({ layers: [tarOf({ file: Buffer.from('x') })] }),
  });
  const creds = ['--dest-creds', `${login.username}:${login.password}`];
  await tool([
    ...['skopeo', 'copy', '-q', '--dest-tls-verify=false', ...creds],
    ...[`oci:${join(dir.path, 'app')}:app`, `docker://${host}/app:1`],
  ]);
  const config = join(home.configFile, '../..');
  const pull = ['image', 'pull', '--force', `${host}/app:1`];

  await part('is not believed before its CA is known', async () => {
    const { stderr } = await assertFails(home, pull, /from an authority that is not known here/);

    assert.match(stderr, new RegExp(`^hint: .*certs\\.d/${host}/ca\\.crt`, 'm'));
  });

  await part('asks who is there', async () => {
    const certificates = join(config, 'docker/certs.d', host);
    await mkdir(certificates, { recursive: true });
    await cp(caFile, join(certificates, 'ca.crt'));

    const { stderr } = await assertFails(home, pull, /nobody is logged in there/);

    assert.match(stderr, new RegExp(`^hint: docker login ${host}`, 'm'));
  });

  await part('gives its images to who has logged in', async () => {
    const authFile = join(config, 'containers/auth.json');
    await mkdir(join(config, 'containers'), { recursive: true });
    const answer = ['--username', login.username, '--password', login.password];
    const skopeo = ['skopeo', 'login', '--tls-verify=false', '--authfile', authFile];
    await tool([...skopeo, ...answer, host]);

    const pulled = await home.ok(pull);

    assert.equal(pulled.stdout, `${host}/app:1\n`);
    const log = await readFile(join(home.stateDir, 'logs/bangerd.log'), 'utf8');
    assert.doesNotMatch(log, /correct horse|Basic /);
  });
});

sandboxTest('pulls that are disturbed', { images: 'empty' }, async (home, t, part) => {
  const image = anImage({ layers: [tarOf({ file: Buffer.alloc(4_000_000, 'x') })] });
  const [tar = Buffer.alloc(0)] = image.layers;
  const isLayer = (url = '') => url.includes(digestOf(tar));
  const half = tar.length / 2;
  await using registry = await startRegistry();
  registry.push('app:1', image);
  const name = `${registry.host}/app:1`;
  const pull = ['image', 'pull', name];
  const blobs = join(home.env['XDG_CACHE_HOME'] ?? '', 'banger/blobs');
  const asked = () => registry.requests.filter((line) => isLayer(line));
  let isStuck = Promise.withResolvers<undefined>();
  /** Sends half of the layer and then nothing. */
  const stall = () => {
    registry.requests.length = 0;
    isStuck = Promise.withResolvers<undefined>();
    registry.onRequest(({ url, headers }, response) => {
      if (!isLayer(url) || headers.range !== undefined) return false;
      response.writeHead(200, { 'content-length': String(tar.length) });
      response.write(tar.subarray(0, half), () => isStuck.resolve(undefined));
      return true;
    });
  };

  await part('are given up by Ctrl-C, and leave nothing but what has come', async () => {
    stall();
    const pulling = startBanger(home, pull);
    await isStuck.promise;

    pulling.kill('SIGINT');

    assert.equal((await pulling.ended).status, 130);
    await untilClean(home);
    assert.deepEqual((await home.ok(['image', 'list', '-q'])).stdout, '');
  });

  await part('go on where they were after the daemon was killed', async () => {
    stall();
    const pulling = startBanger(home, pull);
    // What came before Ctrl-C is not asked for again.
    await pulling.says(/Pulling/).catch(() => undefined);
    const pid = await home.daemonPid();
    await killAndWait(pid);
    await pulling.ended;
    registry.onRequest(() => false);

    await home.ok(pull);

    const last = asked().at(-1) ?? '';
    assert.match(last, / bytes=\d+-$/);
    assert.deepEqual(await readdir(join(blobs, 'partial')), []);
    await home.assertHostIsClean();
  });

  await part('are one transfer when there are two', async () => {
    await home.ok(['image', 'delete', name]);
    await tool(['rm', '-rf', blobs]);
    registry.requests.length = 0;

    await Promise.all([home.ok(pull), home.ok(pull), home.ok(pull)]);

    assert.equal(asked().length, 1);
  });

  await part('ask the registry again only by force', async () => {
    registry.requests.length = 0;
    await home.ok(pull);
    assert.deepEqual(registry.requests, []);

    await home.ok([...pull, '--force']);

    assert.deepEqual(asked(), []);
    assert.equal(registry.requests.length, 1);
  });

  await part('find a full disk, and leave it as it was', async () => {
    if (!mayMount) {
      t.skip('only root may mount');
      return;
    }
    await home.ok(['daemon', 'stop']);
    await startOnTmpfs(home, blobs, '2m');

    await assertFails(home, [...pull, '--force'], /Cannot keep blob sha256:\w+: no space is left/);

    const seen = await inside(home, blobs);
    assert.deepEqual(await readdir(join(seen, 'partial')), []);
    await home.assertHostIsClean();
  });
});

async function shown(home: SandboxHome, name: string) {
  return Image.parse(JSON.parse((await home.ok(['image', 'show', name, '--json'])).stdout));
}
