import { describe, expect, test } from 'vitest';
import { artifactKind } from './artifact-kind.ts';

const kindOf = (type: string, annotations: Record<string, string> = {}, layerTypes: string[] = []) =>
  artifactKind({ type, annotations, layerTypes });

test.each([
  ['application/vnd.cncf.notary.signature', 'signature'],
  ['application/vnd.cncf.notary.v2.signature', 'signature'],
  ['application/vnd.dev.cosign.artifact.sig.v1+json', 'signature'],
  ['application/vnd.dev.cosign.simplesigning.v1+json', 'signature'],
  ['application/vnd.example.signature-policy', 'other'],
  ['application/spdx+json', 'sbom'],
  ['application/vnd.cyclonedx+json', 'sbom'],
  ['application/vnd.in-toto+json', 'attestation'],
  ['application/vnd.cncf.helm.config.v1+json', 'chart'],
  ['application/vnd.oci.image.index.v1+json', 'index'],
  ['application/vnd.oci.image.config.v1+json', 'image'],
  ['application/vnd.docker.distribution.manifest.v2+json', 'image'],
  ['application/vnd.example.thing', 'other'],
])('%s is called %s', (type, kind) => {
  expect(kindOf(type)).toBe(kind);
});

describe('a Sigstore bundle', () => {
  const bundle = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  const predicate = (type: string) => ({
    'dev.sigstore.bundle.content': 'dsse-envelope',
    'dev.sigstore.bundle.predicateType': type,
  });

  test.each([
    [predicate('https://sigstore.dev/cosign/sign/v1'), 'signature'],
    [{ 'dev.sigstore.bundle.content': 'message-signature' }, 'signature'],
    [predicate('https://slsa.dev/provenance/v1'), 'attestation'],
    [predicate('https://cosign.sigstore.dev/attestation/v1'), 'attestation'],
    [predicate('https://spdx.dev/Document'), 'sbom'],
    [predicate('https://cyclonedx.org/bom'), 'sbom'],
    [{ 'dev.sigstore.bundle.content': 'dsse-envelope' }, 'bundle'],
    [{}, 'bundle'],
  ])('with %j is called %s', (annotations, kind) => {
    expect(kindOf(bundle, annotations)).toBe(kind);
  });
});

describe('an image that cosign 2 made is told by its layers', () => {
  const image = 'application/vnd.oci.image.config.v1+json';

  test.each([
    [['application/vnd.dev.cosign.simplesigning.v1+json'], 'signature'],
    [Array<string>(2).fill('application/vnd.dev.cosign.simplesigning.v1+json'), 'signature'],
    [['application/vnd.dsse.envelope.v1+json'], 'attestation'],
    [['text/spdx+json'], 'sbom'],
    [['application/vnd.oci.image.layer.v1.tar+gzip'], 'image'],
    [['application/vnd.oci.image.layer.v1.tar+gzip', 'application/vnd.dev.cosign.simplesigning.v1+json'], 'image'],
    [[], 'image'],
  ])('%j is called %s', (layers, kind) => {
    expect(kindOf(image, {}, layers)).toBe(kind);
  });
});
