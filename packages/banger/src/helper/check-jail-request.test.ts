import assert from 'node:assert/strict';
import { duplexPair } from 'node:stream';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { createSystemClock } from '../host/system-clock.ts';
import { createFakeJailHost, createFakeJails } from '../vmm/firecracker/jail/fake-jail-host.ts';
import { jailUid } from '../vmm/firecracker/jail/jail-user.ts';
import { boundedLines } from './bounded-lines.ts';
import { checkJailRequest } from './check-jail-request.ts';
import { someSettings } from './fixtures.ts';
import { HelperAnswer } from './helper-protocol.ts';
import { JailRequest } from './jail-protocol.ts';
import { jailRequests } from './jail-requests.ts';
import { serveRequests } from './serve-requests.ts';

const settings = someSettings({ uid: 1000 });
const { stateDir } = settings.owner;
const uid = jailUid(stateDir, '172.31.99.17');
const jail = { id: 'vm-one', uid };
const order = {
  id: 'vm-one',
  args: ['--api-sock', 'api.sock', '--level', 'Warning'],
  logFile: `${stateDir}/vms/vm_one/console.log`,
  limits: { memoryMib: 256, vcpus: 1 },
};
const file = { name: 'base', hostPath: `${stateDir}/images/base`, access: 'read' };

test("a jail of the owner's own banger passes", () => {
  check({ method: 'jail.place', jail, files: [file, { ...file, name: 'kernel' }] });
  check({ method: 'jail.spawn', order });
});

suite('is refused:', () => {
  for (const [what, asked] of [
    ['a jail as root', { method: 'jail.place', jail: { ...jail, uid: 0 }, files: [] }],
    ['a jail as its owner', { method: 'jail.place', jail: { ...jail, uid: 1000 }, files: [] }],
    ["another banger's user", placed({ uid: jailUid('/home/bob', '172.31.99.17') })],
    ['a jail elsewhere', placed({ id: '../vm-one' })],
    ['a jail with an option for a name', placed({ id: '--uid' })],
    ['one name twice', { method: 'jail.place', jail, files: [file, file] }],
    ['a file elsewhere in the jail', withFile({ name: '../../exec' })],
    ['the program itself as a file', withFile({ name: 'firecracker' })],
    ['a relative path', withFile({ hostPath: 'etc/shadow' })],
    ['a path with an end in it', withFile({ hostPath: '/etc/shadow\0' })],
    ['a start without its seccomp filter', started({ args: ['--no-seccomp'] })],
    ['another filter', started({ args: ['--seccomp-filter', 'mine'] })],
    ['a configuration', started({ args: ['--level', 'Warning', '--config-file', 'kernel'] })],
    ['a socket elsewhere', started({ args: ['--api-sock', '../api.sock'] })],
    ['an option without its word', started({ args: ['--level'] })],
    ["another option of the jailer's", started({ args: ['--level', '--daemonize'] })],
    ['a limit of nothing', started({ limits: { memoryMib: 0, vcpus: 1 } })],
    ['process 1', ended({ pid: 1 })],
    ['all processes', ended({ pid: -1 })],
    ['our own group', ended({ pid: 0 })],
    ['a signal that is none', { ...ended({}), method: 'jail.signal', signal: 'SIGNOT' }],
    ['a signal by number', { ...ended({}), method: 'jail.signal', signal: 9 }],
    ['a key too many', { method: 'jail.list', base: '/' }],
    ['a file that is taken out to a path', { method: 'jail.giveOut', jail: 'vm-one', to: '/etc' }],
  ] as const) {
    test(what, () => {
      assert.throws(() => check(asked));
    });
  }
});

test('whatever is asked, nothing passes but jails and files in them', () => {
  const text = fc.oneof(fc.string(), fc.constantFrom('vm-one', '../etc', '/etc/shadow', 'base'));
  const uids = fc.oneof(fc.integer(), fc.constant(uid), fc.integer({ min: 0, max: 2 ** 31 }));
  const fileLike = fc.record({ name: text, hostPath: text, access: fc.constantFrom('read', 'rw') });
  const requestLike = fc.oneof(
    fc.record({ jail: fc.record({ id: text, uid: uids }), files: fc.array(fileLike) }),
    fc.record({ order: fc.record({ args: fc.array(text), logFile: text }) }),
    fc.record({ jail: text, name: text }),
    fc.record({
      order: fc.record({ args: fc.array(text) }).map((part) => ({ ...order, ...part })),
    }),
    fc
      .record({ jail: fc.record({ uid: uids }).map((part) => ({ ...jail, ...part })) })
      .map((part) => ({ ...part, files: [file] })),
  );
  const methods = fc.constantFrom(...JailRequest.options.map(({ shape }) => shape.method.value));

  fc.assert(
    fc.property(methods, requestLike, (method, like) => {
      const { data } = JailRequest.safeParse({ id: 1, method, ...like });
      if (data === undefined) return;
      try {
        checkJailRequest(data, settings);
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'helper.refused');
        return;
      }
      if (data.method === 'jail.place') {
        assert.equal(data.jail.uid >> 17, uid >> 17);
        assert.match(data.jail.id, /^[a-z0-9][a-z0-9-]*$/);
        for (const { hostPath } of data.files) assert.match(hostPath, /^\/[^\0]+$/);
      }
      if (data.method === 'jail.spawn')
        for (const [at, arg] of data.order.args.entries())
          assert.match(arg, at % 2 === 0 ? /^--(api-sock|level)$/ : /^[A-Za-z][A-Za-z.]*$/);
    }),
    { numRuns: 10_000 },
  );
});

test('10,000 requests that are none are each refused, and no jail is made', async () => {
  const jails = createFakeJails();
  const nonsense = fc.sample(fc.oneof(fc.string(), fc.json(), almost()), 10_000);
  let refused = 0;
  for (let at = 0; at < nonsense.length; at += 32) {
    const lines = nonsense.slice(at, at + 32).map((text) => `${text.replaceAll('\n', ' ')}\n`);
    const answers = await ask(jails, lines.join(''));
    assert.ok(answers.every((answer) => 'error' in answer));
    refused += answers.length;
  }

  assert.equal(refused, 10_000);
  assert.equal(jails.jails.size, 0);
});

function check(asked: object): void {
  checkJailRequest(JailRequest.parse({ id: 1, ...asked }), settings);
}

function placed(change: object) {
  return { method: 'jail.place', jail: { ...jail, ...change }, files: [] };
}

function withFile(change: object) {
  return { method: 'jail.place', jail, files: [{ ...file, ...change }] };
}

function started(change: object) {
  return { method: 'jail.spawn', order: { ...order, ...change } };
}

function ended(change: object) {
  const process = { pid: 4711, startTicks: 1, bootId: 'boot', ...change };
  return { method: 'jail.end', jail: 'vm-one', process };
}

/** What looks like a request and is none. */
function almost() {
  return fc
    .record({
      id: fc.oneof(fc.integer({ max: -1 }), fc.string(), fc.constant(null)),
      method: fc.constantFrom('hello', 'jail.list', 'jail.place', 'jail.remove', '__proto__'),
      jail: fc.oneof(fc.string(), fc.constant(jail), fc.constant('vm-one')),
      files: fc.constant([file]),
    })
    .map((like) => JSON.stringify(like));
}

async function ask(
  jails: ReturnType<typeof createFakeJails>,
  text: string,
): Promise<readonly HelperAnswer[]> {
  const [near, far] = duplexPair();
  const host = { ...createFakeJailHost(jails, () => 0), giveOut: () => Promise.resolve() };
  const lock = () => Promise.resolve({ [Symbol.dispose]: () => undefined });
  void serveRequests(far, {
    requests: jailRequests(settings, { version: '0.1.0', host, lock }),
    clock: createSystemClock(),
    log: () => undefined,
  });
  near.end(text);
  const lines = await Array.fromAsync(boundedLines(near, 1024 * 1024));
  return lines.map((line) => HelperAnswer.parse(JSON.parse(line)));
}
