import assert from 'node:assert/strict';
import { mkdtempDisposable, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite, test } from 'node:test';
import { pathToFileURL } from 'node:url';

import { createSystemClock } from '../host/system-clock.ts';
import { followUrl, parseCatalogUrl } from '../host/catalog-url.ts';
import { createCatalogs } from './create-catalogs.ts';
import { readUrl } from './read-url.ts';

const clock = createSystemClock();
const signal = new AbortController().signal;
const bundle = {
  ...{ name: 'lab', kind: 'bundle', architecture: process.arch === 'arm64' ? 'arm64' : 'amd64' },
  ...{ url: 'lab.tar.zst', sha256: 'a'.repeat(64), sizeBytes: 3 },
};

suite('catalogs', () => {
  test('add to the built-in one, which keeps its names; URLs are relative to them', async () => {
    await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-catalog-'));
    const file = join(dir.path, 'catalog.json');
    const images = [bundle, { ...bundle, name: 'debian-bookworm' }];
    await writeFile(file, JSON.stringify({ format: 1, images }));
    const url = pathToFileURL(file).href;
    const catalogs = createCatalogs({ urls: [url], cacheDir: dir.path, clock });
    const { work, warnings } = quietly();

    const listed = await catalogs.images.list(work);

    const lab = listed.find(({ name }) => name === 'lab');
    assert.deepEqual(lab, {
      ...{ ...bundle, description: '', origin: url },
      url: pathToFileURL(join(dir.path, 'lab.tar.zst')).href,
    });
    assert.equal((await catalogs.images.find('debian-bookworm', work))?.origin, 'built-in');
    assert.equal(listed.filter(({ name }) => name === 'debian-bookworm').length, 1);
    assert.deepEqual(warnings, []);
  });

  test('that cannot be read are warnings, and so is what is wrong with an entry', async () => {
    await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-catalog-'));
    const file = join(dir.path, 'catalog.json');
    const away = { ...bundle, name: 'away', url: 'http://example.com/x' };
    const other = { ...bundle, name: 'other', architecture: 'arm64' };
    const images = [
      { name: 'x', kind: 'new' },
      away,
      bundle,
      ...(process.arch === 'x64' ? [other] : []),
    ];
    await writeFile(file, JSON.stringify({ format: 1, images }));
    const urls = [pathToFileURL(join(dir.path, 'missing.json')).href, pathToFileURL(file).href];
    const catalogs = createCatalogs({ urls, cacheDir: dir.path, clock });
    const { work, warnings } = quietly();

    const names = (await catalogs.images.list(work)).map(({ name }) => name);
    await catalogs.images.find('nothing', work);

    assert.deepEqual(names.slice(-1), ['lab']);
    assert.ok(!names.includes('away') && !names.includes('other'));
    assert.equal(warnings.length, 3);
    assert.match(warnings.join('\n'), /missing\.json": there is no such file/);
  });

  test('on the web are as they last were while their server is away', async () => {
    await using dir = await mkdtempDisposable(join(tmpdir(), 'banger-catalog-'));
    const server = await serve((_, response) => {
      response.end(JSON.stringify({ format: 1, images: [bundle] }));
    });
    const catalogs = createCatalogs({ urls: [server.url], cacheDir: dir.path, clock });
    const { work, warnings } = quietly();
    const fresh = await catalogs.images.find('lab', work);
    assert.equal(fresh?.kind === 'bundle' && fresh.url, new URL('lab.tar.zst', server.url).href);
    await server[Symbol.asyncDispose]();

    const found = await catalogs.images.find('lab', work);

    assert.equal(found?.name, 'lab');
    assert.match(warnings.join('\n'), /A catalog is as it was on /);
    for (const name of await readdir(dir.path)) await rm(join(dir.path, name));
    assert.equal(await catalogs.images.find('lab', work), undefined);
  });
});

suite('reading a URL', () => {
  test('goes on in the middle after the connection broke', async () => {
    let requests = 0;
    await using server = await serve((request, response) => {
      requests += 1;
      if (requests === 1) {
        response.writeHead(200, { 'content-length': '6' });
        response.write('abc', () => response.destroy());
        return;
      }
      assert.equal(request.headers.range, 'bytes=3-');
      response.writeHead(206, { 'content-range': 'bytes 3-5/6' });
      response.end('def');
    });

    assert.equal(await textAt(server.url), 'abcdef');
  });

  test('begins anew with a server that knows no ranges', async () => {
    await using server = await serve((_, response) => response.end('abcdef'));

    assert.equal(await textAt(server.url, 2), 'cdef');
  });

  const bad: readonly (readonly [string, RequestListener, RegExp])[] = [
    ['404', (_, response) => response.writeHead(404).end(), /answers with status 404/],
    [
      'a redirect loop',
      (_, response) => response.writeHead(302, { location: '/again' }).end(),
      /redirects more than 5 times/,
    ],
    [
      'a redirect to a file',
      (_, response) => response.writeHead(302, { location: 'file:///etc/passwd' }).end(),
      /redirects to "file:\/\/\/etc\/passwd", where nothing is read from/,
    ],
  ];
  for (const [what, listener, message] of bad) {
    test(`rejects ${what}`, async () => {
      await using server = await serve(listener);

      await assert.rejects(textAt(server.url), { code: 'catalog.unreachable', message });
    });
  }
});

test('URLs are https, files, or http of this host, and never lead to less', () => {
  const allowed = (text: string) => parseCatalogUrl(text) !== undefined;
  assert.ok(
    ['https://a.example/c.json', 'file:///srv/c.json', 'http://localhost:8/c'].every(allowed),
  );
  assert.ok(
    !['http://a.example/', 'ftp://a.example/', 'catalog.json', 'file://host/x'].some(allowed),
  );
  const https = new URL('https://a.example/dir/c.json');
  assert.equal(followUrl('x.zst', https)?.href, 'https://a.example/dir/x.zst');
  assert.equal(followUrl('http://localhost/x', https), undefined);
  assert.equal(followUrl('file:///etc/passwd', https), undefined);
});

function quietly() {
  const warnings: string[] = [];
  const warn = (message: string) => void warnings.push(message);
  return { warnings, work: { signal, progress: { stage: () => undefined, warn } } };
}

async function textAt(url: string, from = 0): Promise<string> {
  const chunks = await Array.fromAsync(readUrl(new URL(url), { from, clock, signal }));
  return Buffer.concat(chunks).toString();
}

async function serve(
  listener: RequestListener,
): Promise<AsyncDisposable & { readonly url: string }> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  assert.ok(address !== null && typeof address === 'object');
  return {
    url: `http://127.0.0.1:${String(address.port)}/catalog.json`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
