import { expect, test } from 'vitest';
import { artifactKind, isReferrerTag } from './artifact-kind.ts';

test.each([
  ['application/vnd.dev.cosign.artifact.sig.v1+json', 'signature'],
  ['application/vnd.dev.cosign.simplesigning.v1+json', 'signature'],
  ['application/vnd.cncf.notary.signature', 'signature'],
  ['application/vnd.dev.sigstore.bundle.v0.3+json', 'attestation'],
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
