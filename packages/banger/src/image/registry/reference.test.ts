import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import fc from 'fast-check';

import { parseReference, tryReference } from './reference.ts';

const hex = '0123456789abcdef'.repeat(4);

suite('references', () => {
  for (const [text, host, repository, tail, familiar] of [
    ['alpine', 'docker.io', 'library/alpine', 'latest', 'alpine:latest'],
    ['alpine:3.22', 'docker.io', 'library/alpine', '3.22', 'alpine:3.22'],
    ['docker.io/alpine', 'docker.io', 'library/alpine', 'latest', 'alpine:latest'],
    ['index.docker.io/library/alpine', 'docker.io', 'library/alpine', 'latest', 'alpine:latest'],
    ['ana/app', 'docker.io', 'ana/app', 'latest', 'ana/app:latest'],
    ['ghcr.io/ana/app:1_0', 'ghcr.io', 'ana/app', '1_0', 'ghcr.io/ana/app:1_0'],
    ['localhost/app', 'localhost', 'app', 'latest', 'localhost/app:latest'],
    ['localhost:5000/app:x', 'localhost:5000', 'app', 'x', 'localhost:5000/app:x'],
    ['127.0.0.1:5000/a/b/c', '127.0.0.1:5000', 'a/b/c', 'latest', '127.0.0.1:5000/a/b/c:latest'],
    ['[::1]:5000/app', '[::1]:5000', 'app', 'latest', '[::1]:5000/app:latest'],
    ['HOST/app', 'HOST', 'app', 'latest', 'HOST/app:latest'],
    ['a__b/c-d.e', 'docker.io', 'a__b/c-d.e', 'latest', 'a__b/c-d.e:latest'],
    ['docker.io/quay.io/x', 'docker.io', 'quay.io/x', 'latest', 'docker.io/quay.io/x:latest'],
    [`app@sha256:${hex}`, 'docker.io', 'library/app', `sha256:${hex}`, `app@sha256:${hex}`],
    [`app:1@sha256:${hex}`, 'docker.io', 'library/app', `sha256:${hex}`, `app@sha256:${hex}`],
  ] as const) {
    test(`reads ${text} as Docker does`, () => {
      const read = parseReference(text);

      assert.deepEqual(
        [read.host, read.repository, read.digest ?? read.tag, read.familiar],
        [host, repository, tail, familiar],
      );
    });
  }

  for (const [text, message] of [
    ['', /it is empty/],
    ['Alpine', /the name of a repository is lowercase: "alpine"/],
    ['ghcr.io/Ana/app', /is lowercase: "ana\/app"/],
    ['app:', /its tag "" is not/],
    ['app:a/b', /is not the name of a host|its tag/],
    ['app:-x', /its tag "-x" is not/],
    ['app@md5:abc', /its digest is not sha256 but "md5"/],
    [`app@sha512:${hex}${hex}`, /its digest is not sha256 but "sha512"/],
    ['app@sha256:abc', /64 lowercase hexadecimal digits/],
    [`app@sha256:${hex.toUpperCase()}`, /64 lowercase/],
    [hex, /a bare digest/],
    ['ho_st.io/app', /"ho_st\.io" is not the name of a host/],
    ['localhost:99999/app', /is not the name of a host/],
    ['https://ghcr.io/app', /is not the name of a/],
    ['a//b', /is not the name of a repository/],
    ['a/../b', /is not the name of a repository/],
    ['a b', /is not the name of a repository/],
    ['a\nb', /is not the name of a repository/],
    [`x/${'a'.repeat(300)}`, /longer than 255/],
  ] as const) {
    test(`refuses ${JSON.stringify(text.slice(0, 40))}`, () => {
      assert.throws(() => parseReference(text), { code: 'image.reference_invalid', message });
    });
  }

  test('the familiar form means the same', () => {
    const part = fc.stringMatching(/^[a-z0-9]{1,4}([._-][a-z0-9]{1,3})?$/);
    const host = fc.constantFrom('', 'docker.io/', 'localhost/', 'ghcr.io/', 'h:5/', 'A/');
    const tail = fc.constantFrom('', ':1', `@sha256:${hex}`, `:1@sha256:${hex}`);
    const texts = fc.tuple(host, fc.array(part, { minLength: 1, maxLength: 4 }), tail);

    fc.assert(
      fc.property(texts, ([prefix, parts, suffix]) => {
        const read = tryReference(`${prefix}${parts.join('/')}${suffix}`);
        if (read !== undefined) assert.deepEqual(parseReference(read.familiar), read);
      }),
    );
  });
});
