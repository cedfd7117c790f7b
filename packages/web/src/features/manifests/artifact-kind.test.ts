import { expect, test } from 'vitest';
import { artifactKind, isReferrerTag, kindKey, referrerTagKind } from './artifact-kind.ts';

test.each([
  ['application/vnd.dev.cosign.artifact.sig.v1+json', 'signature'],
  ['application/vnd.dev.cosign.simplesigning.v1+json', 'signature'],
  ['application/vnd.cncf.notary.signature', 'signature'],
  ['application/vnd.dev.sigstore.bundle.v0.3+json', 'bundle'],
  ['application/vnd.example.signature-policy', 'other'],
  ['application/spdx+json', 'sbom'],
  ['application/vnd.cyclonedx+json', 'sbom'],
  ['application/vnd.in-toto+json', 'attestation'],
  ['application/vnd.cncf.helm.config.v1+json', 'chart'],
  ['application/vnd.oci.image.index.v1+json', 'index'],
  ['application/vnd.docker.distribution.manifest.list.v2+json', 'index'],
  ['application/vnd.oci.image.config.v1+json', 'image'],
  ['application/vnd.docker.distribution.manifest.v2+json', 'image'],
  ['application/vnd.example.thing', 'other'],
  [null, 'other'],
] as const)('%s is called %s', (type, kind) => {
  expect(artifactKind(type)).toBe(kind);
});

test('the tags of older clients for signatures are known by their names, and nothing else is', () => {
  const digest = 'a'.repeat(64);
  expect(isReferrerTag(`sha256-${digest}.sig`)).toBe(true);
  expect(isReferrerTag(`sha256-${digest}`)).toBe(true);
  expect(isReferrerTag('sha256-notes')).toBe(false);
  expect(isReferrerTag(`v1-sha256-${digest}`)).toBe(false);
});

test('what cosign 2 keeps is told by its tag', () => {
  const tag = `sha256-${'a'.repeat(64)}`;
  expect(['.sig', '.att', '.sbom', ''].map((suffix) => referrerTagKind(tag + suffix))).toEqual([
    ...['signature', 'attestation', 'sbom', undefined],
  ]);
  expect(referrerTagKind('v1.sig')).toBeUndefined();
});

test('a kind of the server has a text', () => {
  expect(kindKey('SIGNATURE')).toBe('artifacts.signature');
});
