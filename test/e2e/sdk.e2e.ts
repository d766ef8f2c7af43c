import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

import { DaemonInfo } from '@banger/protocol/doctor';
import { Vm } from '@banger/protocol/vm';
import { BangerError, connect, type Event } from '@banger/sdk';

import { killAndWait, until, untilClean } from '../support/faults.ts';
import { repositoryRoot } from '../support/repository.ts';
import { runToEnd } from '../support/run-to-end.ts';
import { sandboxTest, type SandboxHome } from '../support/sandbox-home.ts';
import { shownVms } from '../support/vms.ts';

const sample = join(repositoryRoot, 'test/support/programs/sdk-sample.ts');
const slim = { image: 'debian-bookworm-slim', memoryMib: 256, diskMib: 1024 };

sandboxTest('a program that uses a VM leaves nothing', {}, async (home, _, part) => {
  await home.ok(['daemon', 'start']);

  await part('when it ends', async () => {
    const { status, stdout, stderr } = await runToEnd([process.execPath, sample], {
      env: home.env,
    });

    assert.equal(status, 0, stderr);
    assert.match(stdout, /^[a-z]+-[a-z]+ 0 Linux\n$/);
    await home.assertHostIsClean();
  });

  await part('when it is killed', async () => {
    const program = spawn(process.execPath, [sample, 'hold'], { env: home.env });
    await once(program.stdout, 'data');
    assert.equal((await shownVms(home)).length, 1);
    await killAndWait(program.pid ?? 0);

    await untilClean(home);
    assert.deepEqual(await shownVms(home, ['-a']), []);
  });
});

sandboxTest('the SDK on one VM', {}, async (home, _, part) => {
  await home.ok(['daemon', 'start']);
  using banger = connect({ socket: await socketOf(home) });
  const following = new AbortController();
  const events: Event[] = [];
  const watching = (async () => {
    for await (const event of banger.events({ signal: following.signal })) events.push(event);
  })();
  const stages: string[] = [];
  const vm = await banger.vms.create(
    { ...slim, name: 'box', keep: true },
    { onStage: ({ name }) => void stages.push(name) },
  );

  await part('exec collects; a status other than 0 is a result', async () => {
    const argv = ['sh', '-c', 'cat; echo err >&2; exit 3'];
    const { exitCode, stdout, stderr, signal } = await vm.exec(argv, {
      stdin: 'in',
      env: { A: '1' },
    });

    assert.deepEqual([exitCode, signal], [3, undefined]);
    assert.equal(stdout.toString(), 'in');
    assert.equal(stderr.toString(), 'err\n');
  });

  await part('spawn streams while the command runs, and kill ends it', async () => {
    const seen = Promise.withResolvers<string>();
    await using command = await vm.spawn(['sh', '-c', 'echo first; exec sleep 1000'], {
      stdout: (chunk) => seen.resolve(Buffer.from(chunk).toString()),
    });
    assert.equal(await seen.promise, 'first\n');
    await command.kill('SIGTERM');

    assert.deepEqual(await command.outcome, { exitCode: 143, signal: 15 });
  });

  await part('a slow reader gets everything', async () => {
    let bytes = 0;
    await using command = await vm.spawn(['sh', '-c', 'head -c 8000000 /dev/zero'], {
      stdout: async (chunk) => {
        bytes += chunk.length;
        await new Promise((resolve) => setTimeout(resolve, 1));
      },
    });

    assert.equal((await command.outcome).exitCode, 0);
    assert.equal(bytes, 8_000_000);
  });

  await part('many commands at once over one connection', async () => {
    const numbers = Array.from({ length: 20 }, (__, at) => String(at));
    const said = await Promise.all(numbers.map((number) => vm.exec(['echo', number])));

    assert.deepEqual(
      said.map(({ stdout }) => stdout.toString().trim()),
      numbers,
    );
  });

  await part('errors keep their code over the wire', async () => {
    await assert.rejects(banger.vms.show('nobody'), isError('vm.not_found'));
    await assert.rejects(vm.exec(['no-such-program']), isError('exec.not_found'));
    await assert.rejects(banger.vms.create({ name: 'box' }), isError('vm.name_taken'));
    await assert.rejects(banger.vms.set('box', { memoryMib: 512 }), isError('vm.wrong_state'));
  });

  await part('an aborted command ends with the reason, and in the guest', async () => {
    const caller = new AbortController();
    const reason = new Error('enough');
    const running = vm.exec(['sleep', '4242'], { signal: caller.signal });
    setTimeout(() => caller.abort(reason), 500);

    await assert.rejects(running, reason);
    await until('it has ended in the guest', async () => {
      const count = ['sh', '-c', 'ps -eo args | grep -cx "sleep 4242"; true'];
      return (await vm.exec(count)).stdout.toString().trim() === '0';
    });
  });

  await part('events tell every state and start in order', async () => {
    await banger.vms.stop('box');
    await banger.vms.delete('box');
    await until('the last event is here', () => events.at(-1)?.body.type === 'vm.deleted');
    following.abort();
    await watching.catch(() => undefined);

    const told = events.map(({ body }) => ('state' in body ? body.state.name : body.type));
    const all = [
      'created',
      'starting',
      'running',
      'vm.started',
      'stopping',
      'stopped',
      'deleting',
      'vm.deleted',
    ];
    assert.deepEqual(told, all.slice(all.indexOf(told[0] ?? '')));
    assert.ok(told.length >= 7, told.join());
    const numbers = events.map(({ seq }) => seq);
    assert.deepEqual(
      numbers,
      numbers.toSorted((a, b) => a - b),
    );
    assert.ok(stages.length > 0);
  });
});

sandboxTest('the HTTP API for other clients', { images: 'empty' }, async (home, _, part) => {
  await home.ok(['vm', 'list']);
  const socket = await socketOf(home);

  await part('a plain HTTP client lists VMs and reads the daemon', async () => {
    assert.deepEqual(Vm.array().parse((await get(socket, '/v1/vms?all=true')).body), []);
    assert.ok(DaemonInfo.parse((await get(socket, '/v1/daemon')).body).pid > 0);
  });

  await part('an error is JSON with a status, a code and a hint', async () => {
    const { status, body } = await get(socket, '/v1/vms/nobody');

    assert.equal(status, 404);
    assert.match(JSON.stringify(body), /"code":"vm\.not_found".*"hint":"/);
    assert.equal((await get(socket, '/v1/nothing')).status, 400);
  });

  await part('the OpenAPI document describes every route', async () => {
    const { body } = await get(socket, '/v1/openapi.json');
    const document = body as {
      readonly openapi: string;
      readonly info: { readonly title: string; readonly version: string };
      readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
    };

    assert.match(document.openapi, /^3\.1\./);
    assert.ok(document.info.title !== '' && document.info.version !== '');
    const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
      Object.values(methods).map((operation) => ({ path, ...operation })),
    );
    assert.ok(operations.length > 20);
    const ids = operations.map(({ operationId }) => operationId);
    assert.equal(new Set(ids).size, ids.length);
    for (const { path, responses, parameters = [] } of operations) {
      assert.ok(Object.keys(responses).length > 0, path);
      const inPath = parameters.filter((each) => each.in === 'path').map(({ name }) => name);
      assert.deepEqual(
        inPath,
        Array.from(path.matchAll(/\{(\w+)\}/g), ([, name]) => name),
        path,
      );
    }
    const references = JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g);
    for (const [, reference = ''] of references) {
      let at: unknown = document;
      for (const key of reference.split('/')) at = (at as Record<string, unknown>)[key];
      assert.ok(at !== undefined, reference);
    }
  });
});

interface Operation {
  readonly operationId: string;
  readonly responses: Readonly<Record<string, unknown>>;
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
}

function isError(code: BangerError['code']): (error: unknown) => boolean {
  return (error) => error instanceof BangerError && error.code === code;
}

async function socketOf(home: SandboxHome): Promise<string> {
  return (await home.ok(['daemon', 'socket'])).stdout.trim();
}

async function get(socketPath: string, path: string) {
  const { promise, resolve, reject } = Promise.withResolvers<{ status: number; body: unknown }>();
  request({ socketPath, path, headers: { host: 'banger' } }, (response) => {
    text(response).then(
      (body) => resolve({ status: response.statusCode ?? 0, body: JSON.parse(body) }),
      reject,
    );
  })
    .on('error', reject)
    .end();
  return promise;
}
