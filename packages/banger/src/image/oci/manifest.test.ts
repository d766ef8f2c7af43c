import assert from 'node:assert/strict';
import { suite, test } from 'node:test';

import {
  anImage,
  anIndex,
  descriptorOf,
  digestOf,
  json,
  OCI_INDEX,
  OCI_MANIFEST,
} from '../../../../../test/support/oci-image.ts';
import { parseManifest } from './manifest.ts';
import { choosePlatform } from './choose-platform.ts';

const parse = (bytes: Buffer, mediaType?: string) =>
  parseManifest({ digest: digestOf(bytes), mediaType, bytes });
const withChanges = (manifest: object) => anImage({ manifest }).manifest;
const DOCKER = 'application/vnd.docker.distribution.manifest.v2+json';
const linux = { os: 'linux', architecture: 'amd64' };

suite('manifests', () => {
  test('of OCI and of Docker are images', () => {
    const layerType = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
    const configType = 'application/vnd.docker.container.image.v1+json';
    const docker = anImage({ layerType, manifest: { mediaType: DOCKER } });
    const config = descriptorOf(docker.config, configType);

    for (const bytes of [
      anImage().manifest,
      withChanges({ mediaType: undefined }),
      anImage({ layerType, manifest: { mediaType: DOCKER, config } }).manifest,
    ]) {
      const manifest = parse(bytes);
      assert.equal(manifest.kind === 'image' && manifest.layers.length, 2);
    }
  });

  for (const [what, bytes, code, message] of [
    ['that is not JSON', Buffer.from('<html>'), 'image.bad_content', /it is not JSON/],
    ['that is an array', json([]), 'image.bad_content', /expected object/],
    ['of schema 1', json({ schemaVersion: 1, fsLayers: [] }), 'image.unsupported', /schema 1/],
    ['with nothing in it', json({ schemaVersion: 2 }), 'image.bad_content', /neither layers/],
    [
      'that is both',
      withChanges({ manifests: [] }),
      'image.bad_content',
      /an image and an index at once/,
    ],
    [
      'of an artifact',
      withChanges({ config: descriptorOf(json({}), 'application/vnd.oci.empty.v1+json') }),
      'image.unsupported',
      /no image to run but an artifact of type "application\/vnd\.oci\.empty/,
    ],
    [
      'with foreign layers',
      anImage({ layerType: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip' }).manifest,
      'image.unsupported',
      /is not in the registry/,
    ],
    [
      'with encrypted layers',
      anImage({ layerType: 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted' }).manifest,
      'image.unsupported',
      /of type "application\/vnd\.oci\.image\.layer\.v1\.tar\+gzip\+encrypted"/,
    ],
    [
      'of another type',
      withChanges({ mediaType: 'application/vnd.cncf.helm' }),
      'image.unsupported',
      /its type is "application\/vnd\.cncf\.helm"/,
    ],
    [
      'with a thousand layers and one',
      anImage({ layers: Array.from({ length: 1001 }, () => Buffer.from('x')) }).manifest,
      'image.bad_content',
      /it has 1001 layers, and at most 1000/,
    ],
    [
      'with a negative size',
      withChanges({ config: { ...descriptorOf(json({}), ''), size: -1 } }),
      'image.bad_content',
      /config\.size/,
    ],
    [
      'with digests of SHA-512',
      withChanges({
        layers: [
          {
            ...descriptorOf(json({}), 'application/vnd.oci.image.layer.v1.tar'),
            digest: `sha512:${'a'.repeat(128)}`,
          },
        ],
      }),
      'image.unsupported',
      /a digest in it is "sha512", and only sha256 is read/,
    ],
    [
      'with a path for a digest',
      withChanges({
        layers: [
          {
            ...descriptorOf(json({}), 'application/vnd.oci.image.layer.v1.tar'),
            digest: 'sha256:../../etc/passwd',
          },
        ],
      }),
      'image.bad_content',
      /is not one: "sha256:\.\.\/\.\./,
    ],
    [
      'that is as large as none should be',
      json({ schemaVersion: 2, x: 'x'.repeat(5_000_000) }),
      'image.bad_content',
      /more than 4194304 bytes/,
    ],
  ] as const) {
    test(`one ${what} is refused`, () => {
      assert.throws(() => parse(bytes), { code, message });
    });
  }

  test('a page of HTML says what it is', () => {
    assert.throws(() => parse(json({ schemaVersion: 2 }), 'text/html'), {
      code: 'image.unsupported',
      message: /its type is "text\/html"/,
    });
  });

  test('an index has entries with their platforms', () => {
    const image = anImage();
    const entry = { ...descriptorOf(image.manifest, OCI_MANIFEST), platform: linux };

    const index = parse(anIndex([entry]), OCI_INDEX);

    assert.equal(index.kind === 'index' && index.entries[0]?.platform?.architecture, 'amd64');
  });
});

suite('the platform of an index', () => {
  const entry = (name: string, platform?: object) => ({
    ...{ mediaType: OCI_MANIFEST, digest: name, sizeBytes: 1, isAttestation: false },
    platform: platform as typeof linux | undefined,
  });

  test('is the one that every processor of it runs', () => {
    const chosen = choosePlatform(
      [
        entry('windows', { os: 'windows', architecture: 'amd64' }),
        entry('v3', { ...linux, variant: 'v3' }),
        entry('plain', linux),
        entry('v1', { ...linux, variant: 'v1' }),
      ],
      linux,
    );

    assert.equal(chosen.digest, 'plain');
  });

  test('is that of the only entry, when it does not say', () => {
    assert.equal(choosePlatform([entry('only')], linux).digest, 'only');
    assert.throws(() => choosePlatform([entry('a'), entry('b')], linux), {
      code: 'image.other_platform',
      message: /not for linux\/amd64, but for no platform/,
    });
  });
});
