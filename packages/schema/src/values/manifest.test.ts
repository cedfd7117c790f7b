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
  ['manifests that are no list', { ...index, manifests: null }, undefined],
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
