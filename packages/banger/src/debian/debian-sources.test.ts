import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import { parseIndexTargets } from './apt-index-targets.ts';
import { chooseSources, sourcesList } from './debian-sources.ts';

const bookwormHost = `Packages|deb|http://mirror.test/debian/|bookworm|bookworm|Debian|main|$(SIGNED_BY)
DEP-11|deb|http://mirror.test/debian/|bookworm|bookworm|Debian|main|$(SIGNED_BY)
Packages|deb|http://mirror.test/debian/|bookworm|bookworm|Debian|contrib|$(SIGNED_BY)
Packages|deb|http://mirror.test/debian/|bookworm-backports|bookworm-backports|Debian|main|$(SIGNED_BY)
Packages|deb|http://mirror.test/debian-security/|bookworm-security|bookworm-security|Debian|main|$(SIGNED_BY)
Packages|deb|http://mirror.test/debian/|bookworm-updates|bookworm-updates|Debian|main|/keys/debian.gpg
Packages|deb|http://docker.test/linux/debian/|bookworm|bookworm|Docker|stable|$(SIGNED_BY)
`;
const none = { debianMirror: undefined, debianSecurityMirror: undefined };

suite('the sources of a build', () => {
  test("are the host's own, without other archives and pockets", () => {
    const sources = chooseSources('bookworm', parseIndexTargets(bookwormHost), none);

    assert.equal(
      sourcesList(sources),
      `deb http://mirror.test/debian bookworm main
deb [signed-by=/keys/debian.gpg] http://mirror.test/debian bookworm-updates main
deb http://mirror.test/debian-security bookworm-security main
`,
    );
  });

  test('have the wanted release on a host with another, by name or as "stable"', () => {
    for (const suiteName of ['trixie', 'stable']) {
      const host = `Packages|deb|http://m.test/debian/|${suiteName}|||main|
Packages|deb|http://m.test/debian-security/|${suiteName}-security|||main|
`;
      const sources = chooseSources('bookworm', parseIndexTargets(host), none);
      assert.deepEqual(
        sources.map((source) => source.suite),
        ['bookworm', 'bookworm-security'],
      );
    }
  });

  test('are none on a host of another distribution', () => {
    const ubuntu = 'Packages|deb|http://u.test/ubuntu/|jammy|jammy|Ubuntu|main|$(SIGNED_BY)\n';

    assert.deepEqual(chooseSources('bookworm', parseIndexTargets(ubuntu), none), []);
  });

  test("are what is configured, before the host's", () => {
    const sources = chooseSources('bookworm', parseIndexTargets(bookwormHost), {
      debianMirror: 'https://own.test/debian/',
      debianSecurityMirror: undefined,
    });

    assert.deepEqual(
      sources.map(({ uri, suite: name }) => `${uri} ${name}`),
      [
        'https://own.test/debian bookworm',
        'https://own.test/debian bookworm-updates',
        'http://mirror.test/debian-security bookworm-security',
      ],
    );
  });

  test('take options for apt', () => {
    const [line] = sourcesList(
      [{ uri: 'http://m.test/debian', suite: 'bookworm', signedBy: '/keys/d.gpg' }],
      ['target=Packages'],
    ).split('\n');

    assert.equal(
      line,
      'deb [target=Packages signed-by=/keys/d.gpg] http://m.test/debian bookworm main',
    );
  });
});
