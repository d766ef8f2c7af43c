import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

import { killAndWait, until } from '../support/faults.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';

/** Dockerfiles through the built CLI: every RUN is a real VM. */

const SIZE = ['--vcpu', '1', '--memory', '256M'];
const RUN = ['run', '--rm', ...SIZE, '--disk-size', '128M'];

const APP = `
ARG BASE=debian-bookworm-slim
FROM $BASE AS build
ARG GREETING=hello
WORKDIR /src
COPY src/ .
RUN sh make.sh "$GREETING" && ln out hard && ln -s out soft
RUN <<-END
	set -e
	mkdir -p /opt/tree/deep && touch /opt/tree/deep/file
	rm -rf /usr/share/common-licenses
END

FROM debian-bookworm-slim
RUN useradd --uid 1234 app && ls /usr/share/common-licenses > /dev/null
COPY --from=build --chown=app:app --chmod=640 /src/out /srv/out
COPY --from=build /opt/tree /opt/tree
COPY <<END /srv/conf
greeting=$PATH
END
ENV WHO="the app"
USER app
WORKDIR /srv
ENTRYPOINT ["/bin/sh", "-c", "id -un; pwd; echo $WHO; cat out; exec \\"$@\\"", "sh"]
CMD ["echo", "by default"]
`;

const SRC = {
  Dockerfile: APP,
  '.dockerignore': 'src/secret\n',
  'src/make.sh': 'test ! -e secret && echo "$1 from $(cat data)" > out\n',
  'src/data': 'data',
  'src/secret': 'never',
};

const SLOW = 'FROM debian-bookworm-slim\nRUN echo waiting; sleep 1000\n';

sandboxTest('image build', {}, async (home, t, part) => {
  const dir = mkdtempSync(join(tmpdir(), 'banger-build-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const build = (...args: string[]) => home.ok(['image', 'build', ...SIZE, ...args]);

  await part('two stages, and the image runs as its Dockerfile says', async () => {
    await writeFiles(dir, SRC);

    const { stdout, stderr } = await build('-t', 'app', '--build-arg', 'GREETING=hi', dir);
    assert.equal(stdout, 'app:latest\n');
    assert.match(stderr, /^\[build 3\/4\] RUN sh make\.sh/m);

    const ran = await home.ok([...RUN, '--image', 'app', '--', 'stat', '-c', '%U %a %n', 'out']);
    assert.equal(ran.stdout, 'app\n/srv\nthe app\nhi from data\napp 640 out\n');
  });

  await part('nothing is run again, and without a VM it is quick', async () => {
    const since = performance.now();
    const { stderr } = await build('-t', 'app', '--build-arg', 'GREETING=hi', dir);
    const tookMs = performance.now() - since;

    const steps = stderr.split('\n').filter((line) => /^\[.*(?:CACHED|\d m?s)$/.test(line));
    assert.equal(steps.length, 9);
    assert.deepEqual(
      steps.filter((line) => !line.endsWith('CACHED')),
      [],
    );
    t.diagnostic(`cached build: ${String(Math.round(tookMs))} ms`);
  });

  await part('a changed file makes only what follows it', async () => {
    await writeFiles(dir, { 'src/data': 'new data' });

    const { stderr } = await build('-t', 'app', '--build-arg', 'GREETING=hi', dir);

    assert.match(stderr, /^\[stage-1 1\/5\] RUN useradd.* CACHED$/m);
    assert.match(stderr, /^\[build 1\/4\] WORKDIR \/src CACHED$/m);
    assert.doesNotMatch(stderr, /RUN sh make\.sh.*CACHED$/m);
  });

  await part('a failing command says where, shows its output, and leaves nothing', async () => {
    const dockerfile = 'FROM debian-bookworm-slim\n\nRUN echo to stdout; echo oops >&2; exit 7\n';

    const run = await home.banger(['image', 'build', ...SIZE, '-'], { stdin: dockerfile });

    assert.equal(run.status, 1);
    assert.equal(run.stdout, '');
    assert.match(run.stderr, /^to stdout$/m);
    assert.match(run.stderr, /^oops$/m);
    assert.match(run.stderr, /^error: Dockerfile:3: RUN echo to stdout.* ended with 7 \(op-/m);
    assert.match(run.stderr, /^hint: /m);
    await home.assertHostIsClean();
  });

  await part('what cannot be built is refused before anything runs', async () => {
    const dockerfile = 'FROM debian-bookworm-slim\nRUN --mount=type=cache x\nCOPPY a b\n';

    const run = await home.banger(['image', 'build', '-'], { stdin: dockerfile });

    assert.equal(run.status, 1);
    assert.match(
      run.stderr,
      /^error: Dockerfile:2: RUN --mount is not supported: .*; Dockerfile:3: "COPPY"/m,
    );
  });

  await part('an interrupted build leaves nothing', async () => {
    await writeFiles(dir, { 'slow/Dockerfile': SLOW });
    const child = home.start(['image', 'build', ...SIZE, join(dir, 'slow')]);
    await sees(child, 'waiting');

    child.kill('SIGINT');

    assert.equal(await statusOf(child), 130);
    await home.assertHostIsClean();
  });

  await part('a daemon killed in the middle: the next one leaves nothing', async () => {
    const child = home.start(['image', 'build', ...SIZE, join(dir, 'slow')]);
    await sees(child, 'waiting');

    await killAndWait(await home.daemonPid());

    assert.equal(await statusOf(child), 1);
    await home.ok(['vm', 'list']);
    await until('the host is clean', () =>
      home.assertHostIsClean().then(
        () => true,
        () => false,
      ),
    );
  });

  await part('what is built can be read by skopeo and umoci', async () => {
    await readByOthers(home, join(dir, 'out'));
  });

  await part('the files are those that buildah makes of the same Dockerfile', async () => {
    await compareWithBuildah(home, join(dir, 'compare'));
  });
});

/** A static busybox is all there is, so that both begin with the same. */
const COMPARED = `
FROM scratch AS one
COPY busybox /bin/busybox
COPY busybox /bin/sh
COPY passwd /etc/passwd
RUN mkdir -p /a/b && echo x > /a/b/file && chown 3:4 /a/b/file && chmod 4750 /a/b/file
RUN rm -r /a/b && ln -s /nowhere /a/link && mkfifo /a/fifo && echo y > "/a/with blank"
WORKDIR /w/d
COPY tree /copied
COPY tree/one tree/sub /into/
COPY --chown=user --chmod=0600 tree/one /new/dir/name
ADD files.tar /unpacked/
FROM scratch
COPY --from=one / /
COPY --from=one /a /again
`;

/** What buildah leaves of its own: mount points */
const LEFT_OUT = ['proc*', 'sys*', 'dev*', 'run*', 'etc/hosts', 'etc/hostname', 'etc/resolv.conf'];
const LISTING = `find . -mindepth 1 ${LEFT_OUT.map((name) => `! -path './${name}'`).join(' ')} \\( \
  -type d -printf '%p %y %m %U %G\\n' -o -printf '%p %y %m %U %G %s %l\\n' \\) | LC_ALL=C sort`;

async function compareWithBuildah(home: SandboxHome, dir: string): Promise<void> {
  await writeFiles(dir, {
    ...{ Dockerfile: COMPARED, passwd: 'root:x:0:0::/:/bin/sh\nuser:x:5:6::/:/bin/sh\n' },
    ...{ 'tree/one': '1', 'tree/sub/two': '2', 'tree/sub/deep/three': '3', 'inner/f': 'F' },
    '.dockerignore': 'storage\nrunroot\nmnt\n',
  });
  const shell = async (script: string) => {
    const run = await runToEnd(['sh', '-ec', `cd ${dir}; ${script}`], { timeoutMs: 120_000 });
    assert.equal(run.status, 0, run.stderr);
    return run.stdout;
  };
  await shell(
    'cp /bin/busybox . && tar -cf files.tar -C inner --owner=7 --group=8 f && rm -r inner',
  );
  const storage = `--root ${dir}/storage --runroot ${dir}/runroot --storage-driver vfs`;
  const theirs = await shell(
    `buildah ${storage} bud --isolation chroot --tag cmp . >&2
     c=$(buildah ${storage} from cmp); m=$(buildah ${storage} mount $c); (cd $m; ${LISTING})
     buildah ${storage} rm -a >&2; buildah ${storage} rmi -a >&2`,
  );

  await home.ok(['image', 'build', ...SIZE, '-t', 'cmp', dir]);
  const { stdout } = await home.ok(['image', 'show', 'cmp', '--json']);
  const { path } = JSON.parse(stdout) as { readonly path: string };
  const ours = await shell(
    `mkdir mnt; mount -o loop,ro ${path} mnt; trap 'umount ${dir}/mnt' EXIT; (cd mnt; ${LISTING})`,
  );

  assert.equal(ours, theirs);
}

/** On a base that is not made of layers: it is one of its own. */
async function readByOthers(home: SandboxHome, dir: string): Promise<void> {
  await writeFiles(dir, {
    Dockerfile: 'FROM debian-bookworm-slim\nCOPY file /srv/\nENV A=b\nCMD ["true"]\n',
    file: 'content',
  });
  await home.ok(['image', 'build', '-t', 'out', '--output', `oci:${dir}/layout`, dir]);
  await home.ok(['image', 'build', '-t', 'out', '--output', `${dir}/out.tar`, dir]);
  const shell = async (script: string) => {
    const run = await runToEnd(['sh', '-ec', `cd ${dir}; ${script}`], { timeoutMs: 120_000 });
    assert.equal(run.status, 0, run.stderr);
    return run.stdout;
  };

  const config = JSON.parse(await shell('skopeo inspect --config oci:layout:latest')) as {
    readonly config: unknown;
    readonly rootfs: { readonly diff_ids: readonly string[] };
  };
  await shell('skopeo copy --quiet oci-archive:out.tar dir:copied');
  await shell('umoci unpack --image layout:latest bundle');

  assert.deepEqual(config.config, { Env: ['A=b'], Cmd: ['true'] });
  assert.equal(config.rootfs.diff_ids.length, 2);
  assert.equal(await shell('cat bundle/rootfs/srv/file; test -x bundle/rootfs/bin/sh'), 'content');
}

async function writeFiles(dir: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) {
    const path = join(dir, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
}

type Child = ReturnType<SandboxHome['start']>;

async function sees({ stderr }: Child, line: string): Promise<void> {
  let text = '';
  stderr?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await until(`"${line}" was written`, () => text.includes(`\n${line}\n`), 120_000);
}

async function statusOf(child: Child): Promise<number | null> {
  if (child.exitCode !== null) return child.exitCode;
  const [status] = (await once(child, 'exit')) as [number | null];
  return status;
}
