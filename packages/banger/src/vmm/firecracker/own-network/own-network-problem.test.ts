import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import type { FakeProgram } from '../../../host/fake-process.ts';
import { createFakeProcesses } from '../../../host/fake-processes.ts';
import { ownNetworkProblem } from './own-network-problem.ts';

const { signal: never } = new AbortController();
const works: FakeProgram = () => 0;
const names = ['slirp4netns', 'ip', 'unshare', 'nsenter', 'setpriv', 'mkfifo'] as const;
const programs = Object.fromEntries(names.map((name) => [name, works]));
const says = (words: string): FakeProgram =>
  ((call) => {
    call.complain(`${words}\n`);
    return 1;
  }) satisfies FakeProgram;

function problemWith(unshare: FakeProgram, settings: Readonly<Record<string, string>> = {}) {
  const processes = createFakeProcesses({ ...programs, unshare });
  const kernel = { read: (name: string) => Promise.resolve(settings[name]) };
  return ownNetworkProblem({ processes, kernel }, never);
}

suite('why a Firecracker has no network of its own', () => {
  test('is nothing where such a network can be made', async () => {
    assert.equal(await problemWith(works), undefined);
  });

  for (const missing of names) {
    test(`is that ${missing} is not there, with the package that has it`, async () => {
      const others = Object.fromEntries(Object.entries(programs).filter(([n]) => n !== missing));
      const kernel = { read: () => Promise.resolve(undefined) };

      const sources = { processes: createFakeProcesses(others), kernel };
      const problem = await ownNetworkProblem(sources, never);

      assert.equal(problem?.what, `the program "${missing}" is not there`);
      assert.match(problem.hint, /^sudo apt-get install /);
    });
  }

  for (const [setting, value, hint] of [
    ['user/max_user_namespaces', '0', /max_user_namespaces=10000$/],
    ['kernel/unprivileged_userns_clone', '0', /unprivileged_userns_clone=1$/],
    ['kernel/apparmor_restrict_unprivileged_userns', '1', /restrict_unprivileged_userns=0$/],
  ] as const) {
    test(`is what forbids user namespaces, ${setting}`, async () => {
      const refusing = says('unshare: unshare failed: Operation not permitted');

      const problem = await problemWith(refusing, { [setting]: value });

      assert.match(problem?.what ?? '', /^user namespaces are forbidden here/);
      assert.match(problem?.hint ?? '', hint);
    });
  }

  for (const [words, what] of [
    ['open: Permission denied', /^\/dev\/net\/tun cannot be opened \(Permission denied\)$/],
    ['RTNETLINK answers: Not supported', /in a namespace: RTNETLINK answers: Not supported$/],
  ] as const) {
    test(`is what the program said: ${words}`, async () => {
      const problem = await problemWith(says(`${words}\nCommand failed -:2`));

      assert.match(problem?.what ?? '', what);
      assert.ok(problem?.hint);
    });
  }
});
