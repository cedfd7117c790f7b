import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { ManifestRefused, parseManifest } from './manifest.ts';
import { ociIndex, ociManifest } from './media-type.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const descriptor = { mediaType: 'application/octet-stream', digest, size: 3 };
const image = { schemaVersion: 2, mediaType: ociManifest, config: descriptor, layers: [descriptor] };
const index = { schemaVersion: 2, mediaType: ociIndex, manifests: [descriptor] };
const parse = (body: object, type?: string) => parseManifest(Buffer.from(JSON.stringify(body)), type);

test('an image and an index are told apart, and what they list is found', () => {
  expect(parse(image)).toMatchObject({ kind: 'image', layers: [{ digest, size: 3 }], manifests: [] });
  expect(parse(index)).toMatchObject({ kind: 'index', layers: [], manifests: [{ digest }] });
});

test('where the body names no type, the header does', () => {
  const { mediaType: _, ...untyped } = image;
  expect(parse(untyped, `${ociManifest}; charset=utf-8`).mediaType).toBe(ociManifest);
});

test('unknown fields and types of layers are taken', () => {
  expect(
    parse({ ...image, other: { deep: [1] }, artifactType: 'application/x', annotations: { a: 'b' } }),
  ).toMatchObject({
    artifactType: 'application/x',
    annotations: { a: 'b' },
  });
});

test('inlined data must be the content that the digest names', () => {
  const data = Buffer.from('abc');
  const right = `sha256:${createHash('sha256').update(data).digest('hex')}`;
  const withData = (name: string) => ({
    ...image,
    config: { ...descriptor, digest: name, data: data.toString('base64') },
  });
  expect(parse(withData(right)).config?.digest).toBe(right);
  expect(() => parse(withData(digest))).toThrow(/not the content/);
});

/** What a manifest says beyond its bytes must not depend on whether a Go program left a field out or wrote null. */
test.each([
  ['manifests', { ...image, manifests: null }, image],
  ['config and layers of an index', { ...index, config: null, layers: null }, index],
  ['subject', { ...image, subject: null }, image],
  ['artifactType', { ...image, artifactType: null }, image],
  ['annotations', { ...image, annotations: null }, image],
  ['the value of an annotation', { ...image, annotations: { a: null, b: 'c' } }, { ...image, annotations: { b: 'c' } }],
  ['layers', { ...image, layers: null }, { ...image, layers: [] }],
  ['manifests of an index', { ...index, manifests: null }, { ...index, manifests: [] }],
  ...['urls', 'data', 'annotations', 'artifactType', 'platform'].map((field) => [
    `${field} of a descriptor`,
    { ...image, layers: [{ ...descriptor, [field]: null }], subject: { ...descriptor, [field]: null } },
    { ...image, subject: descriptor },
  ]),
  ...['variant', 'os.version', 'os.features', 'features'].map((field) => [
    `${field} of a platform`,
    { ...index, manifests: [{ ...descriptor, platform: { os: 'linux', architecture: 'arm64', [field]: null } }] },
    { ...index, manifests: [{ ...descriptor, platform: { os: 'linux', architecture: 'arm64' } }] },
  ]),
  ...[{}, { os: null, architecture: null }, { os: '', architecture: '' }].map((platform) => [
    `the platform ${JSON.stringify(platform)}`,
    { ...index, manifests: [{ ...descriptor, platform }] },
    index,
  ]),
] as [string, object, object][])('null counts as absent: %s', (_what, withNull, without) => {
  expect(parse(withNull)).toEqual(parse(without));
});

test('a media type that is null or empty leaves it to the header', () => {
  for (const mediaType of [null, '']) {
    expect(parse({ ...image, mediaType }, ociManifest)).toEqual(parse(image));
    expect(() => parse({ ...image, mediaType }, ociIndex)).toThrow(ManifestRefused);
  }
});

test('of half a platform the other half is unknown', () => {
  const platformOf = (platform: object) =>
    parse({ ...index, manifests: [{ ...descriptor, platform }] }).manifests[0]?.platform;
  expect(platformOf({ architecture: 'amd64' })).toEqual({ os: 'unknown', architecture: 'amd64' });
  expect(platformOf({ os: 'linux', architecture: null })).toEqual({ os: 'linux', architecture: 'unknown' });
});

test.each([
  ['schema 1', { schemaVersion: 1, name: 'x' }, undefined],
  ['no type at all', { schemaVersion: 2, layers: [] }, undefined],
  ['two types', image, ociIndex],
  ['both layers and manifests', { ...image, manifests: [] }, undefined],
  ['an index with a config', { ...index, config: descriptor }, undefined],
  ['a key in other letters', { ...image, Config: descriptor }, undefined],
  ['a descriptor’s key in other letters', { ...image, config: { ...descriptor, Digest: digest } }, undefined],
  ['a key that only Unicode folds to ours', { ...image, 'layer\u017f': [] }, undefined],
  [
    'a platform’s key in other letters',
    { ...index, manifests: [{ ...descriptor, platform: { os: 'linux', OS: 'linux', architecture: 'arm64' } }] },
    undefined,
  ],
  ['a size in tenths', { ...image, layers: [{ ...descriptor, size: 1.5 }] }, undefined],
  ['a subject that is no descriptor', { ...image, subject: { digest } }, undefined],
  ['layers that are no list', { ...image, layers: {} }, undefined],
  ['manifests that are no list', { ...index, manifests: {} }, undefined],
  ['an index without manifests', { schemaVersion: 2, mediaType: ociIndex }, undefined],
  ['a config that is null', { ...image, config: null }, undefined],
  ['a schema version that is null', { ...image, schemaVersion: null }, undefined],
  ['a layer that is null', { ...image, layers: [null] }, undefined],
  ['a manifest that is null', { ...index, manifests: [null] }, undefined],
  ['a digest that is null', { ...image, layers: [{ ...descriptor, digest: null }] }, undefined],
  ['a size that is null', { ...image, layers: [{ ...descriptor, size: null }] }, undefined],
  ['a layer’s type that is null', { ...image, layers: [{ ...descriptor, mediaType: null }] }, undefined],
  ['an address that is null', { ...image, layers: [{ ...descriptor, urls: [null] }] }, undefined],
  ['no type but null', { ...image, mediaType: null }, undefined],
  ['null for a key in other letters', { ...image, Manifests: null }, undefined],
  ['an index with layers beside manifests that are null', { ...index, manifests: null, layers: [] }, undefined],
  ['an image with manifests beside layers that are null', { ...image, layers: null, manifests: [] }, undefined],
  ['a subject without a digest', { ...image, subject: { ...descriptor, digest: null } }, undefined],
  ['a platform that is no object', { ...index, manifests: [{ ...descriptor, platform: [] }] }, undefined],
  ['an os that is no text', { ...index, manifests: [{ ...descriptor, platform: { os: 1 } }] }, undefined],
  ['an unknown type', { ...image, mediaType: 'application/vnd.example.manifest' }, undefined],
  ['an address with a line break', { ...image, layers: [{ ...descriptor, urls: ['https://a/\nb'] }] }, undefined],
  ['a script for an address', { ...image, layers: [{ ...descriptor, urls: ['javascript:alert(1)'] }] }, undefined],
  ['data that is not base64', { ...image, config: { ...descriptor, data: '!!' } }, undefined],
  ['2,001 manifests', { ...index, manifests: Array(2001).fill(descriptor) }, undefined],
  ['no config', { schemaVersion: 2, mediaType: ociManifest, layers: [] }, undefined],
  ['a negative size', { ...image, layers: [{ ...descriptor, size: -1 }] }, undefined],
  ['a size in quotes', { ...image, layers: [{ ...descriptor, size: '3' }] }, undefined],
  ['an unknown algorithm', { ...image, layers: [{ ...descriptor, digest: `md5:${'a'.repeat(32)}` }] }, undefined],
  ['an upper-case digest', { ...image, layers: [{ ...descriptor, digest: digest.toUpperCase() }] }, undefined],
  [
    'an address that is no web address',
    { ...image, layers: [{ ...descriptor, urls: ['file:///etc/passwd'] }] },
    undefined,
  ],
  ['an annotation that is no text', { ...image, annotations: { a: 1 } }, undefined],
  ['2,001 layers', { ...image, layers: Array(2001).fill(descriptor) }, undefined],
])('%s is refused', (_what, body, type) => {
  expect(() => parse(body, type)).toThrow(ManifestRefused);
});
