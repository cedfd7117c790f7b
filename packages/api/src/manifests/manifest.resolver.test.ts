import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { pushTestIndex } from '@escale/domain/testing';
import { contentScene } from '../testing/content-scene.ts';
import { type TestApi } from '../testing/test-api.ts';

const scene = contentScene();
const { push, show, context, repository } = scene;
let api: TestApi;
beforeAll(async () => {
  ({ api } = await scene.open());
});
afterAll(() => api.close());
beforeEach(async () => {
  await scene.begin();
});

describe('a manifest', () => {
  const fields = `digest mediaType artifactType size totalSize platform annotations { name value }
    config { os architecture labels { name value } entrypoint history { createdBy } }
    layers { digest mediaType size command } platforms { platform size manifest { digest } }
    subject { digest } tags { name } tagCount referrers { totalCount nodes { digest } }`;

  test('says what its image says, by tag and by digest', async () => {
    const { digest, size, configSize } = await push({
      tags: ['a', 'b'],
      layers: ['layer'],
      labels: { maintainer: 'alice' },
      annotations: { note: 'x' },
    });
    const manifest = {
      digest,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      artifactType: 'application/vnd.oci.image.config.v1+json',
      size,
      totalSize: size + configSize + 5,
      platform: 'linux/amd64',
      annotations: [{ name: 'note', value: 'x' }],
      config: {
        os: 'linux',
        architecture: 'amd64',
        labels: [{ name: 'maintainer', value: 'alice' }],
        entrypoint: [],
        history: [{ createdBy: 'COPY layer' }, { createdBy: 'CMD' }],
      },
      layers: [
        {
          digest: expect.any(String) as string,
          mediaType: 'application/vnd.oci.image.layer.v1.tar',
          size: 5,
          command: 'COPY layer',
        },
      ],
      platforms: [],
      subject: null,
      tags: [{ name: 'a' }, { name: 'b' }],
      tagCount: 2,
      referrers: { totalCount: 0, nodes: [] },
    };
    expect(await show(`tag(name: "a") { manifest { ${fields} } }`)).toEqual({ tag: { manifest } });
    expect(await show(`manifest(digest: "${digest}") { ${fields} }`)).toEqual({ manifest });
    expect(await show('manifest(digest: "sha256:nonsense") { digest }')).toEqual({ manifest: null });
  });

  test('of an index lists its platforms, sparse ones too', async () => {
    const child = await push({ layers: ['child'] });
    const absent = { ...child, digest: `sha256:${'0'.repeat(64)}` as never, size: 7 };
    const { digest } = await pushTestIndex(context(), await repository(), [child, absent], ['multi']);
    const parts = 'platforms { platform digest size manifest { digest platform } }';
    expect(await show(`tag(name: "multi") { digest platforms manifest { ${parts} layers { digest } } }`)).toEqual({
      tag: {
        digest,
        platforms: ['linux/arch0', 'linux/arch1'],
        manifest: {
          platforms: [
            {
              platform: 'linux/arch0',
              digest: child.digest,
              size: child.size + child.configSize + 5,
              manifest: { digest: child.digest, platform: 'linux/amd64' },
            },
            { platform: 'linux/arch1', digest: absent.digest, size: 7, manifest: null },
          ],
          layers: [],
        },
      },
    });
  });

  test('knows what points at it: by subject, by the fallback tag, by cosign’s tags', async () => {
    const { digest } = await push({ tags: ['signed'] });
    const bySubject = await push({ layers: ['s1'], subject: digest });
    const byIndex = await push({ layers: ['s2'] });
    await pushTestIndex(context(), await repository(), [byIndex], [digest.replace(':', '-')]);
    const byCosign = await push({ layers: ['s3'], tags: [`${digest.replace(':', '-')}.sig`] });
    const all = [bySubject, byIndex, byCosign].map((one) => one.digest).sort();
    expect(await show(`manifest(digest: "${digest}") { referrers { totalCount nodes { digest } } }`)).toEqual({
      manifest: { referrers: { totalCount: 3, nodes: all.map((one) => ({ digest: one })) } },
    });
    const first = await show<{ manifest: { referrers: { pageInfo: { endCursor: string } } } }>(
      `manifest(digest: "${digest}") { referrers(first: 2) { nodes { digest } pageInfo { endCursor hasNextPage } } }`,
    );
    const { endCursor } = first.manifest.referrers.pageInfo;
    expect(
      await show(`manifest(digest: "${digest}") { referrers(first: 2, after: "${endCursor}") { nodes { digest } } }`),
    ).toEqual({ manifest: { referrers: { nodes: [{ digest: all[2] }] } } });
    expect(await show(`manifest(digest: "${digest}") { referrers(artifactType: "a/b") { totalCount } }`)).toEqual({
      manifest: { referrers: { totalCount: 0 } },
    });
    expect(await show(`manifest(digest: "${bySubject.digest}") { subject { digest } }`)).toEqual({
      manifest: { subject: { digest } },
    });
  });
});

describe('the kind of a referrer', () => {
  const bundle = 'application/vnd.dev.sigstore.bundle.v0.3+json';
  const predicate = (type: string) => ({
    'dev.sigstore.bundle.content': 'dsse-envelope',
    'dev.sigstore.bundle.predicateType': type,
  });
  const cosignLayer = 'application/vnd.dev.cosign.simplesigning.v1+json';
  const signature = { artifactType: bundle, annotations: predicate('https://sigstore.dev/cosign/sign/v1') };
  const of = (digest: string) =>
    show<{ manifest: { hasSignature: boolean; referrers: { nodes: { kind: string }[] } } }>(
      `manifest(digest: "${digest}") { hasSignature referrers(first: 100) { nodes { kind } } }`,
    ).then(({ manifest }) => [manifest.hasSignature, manifest.referrers.nodes.map(({ kind }) => kind)]);

  test.each<[string, object, boolean, string]>([
    ['a cosign 3 signature', signature, true, 'SIGNATURE'],
    [
      'cosign 3 provenance',
      { artifactType: bundle, annotations: predicate('https://slsa.dev/provenance/v1') },
      ...([false, 'ATTESTATION'] as const),
    ],
    [
      'a cosign 3 bill of materials',
      { artifactType: bundle, annotations: predicate('https://spdx.dev/Document') },
      ...([false, 'SBOM'] as const),
    ],
    ['a bundle that says nothing', { artifactType: bundle }, false, 'BUNDLE'],
    ['a Notation signature', { artifactType: 'application/vnd.cncf.notary.signature' }, true, 'SIGNATURE'],
    [
      'a cosign 2 signature as a referrer',
      { artifactType: 'application/vnd.dev.cosign.artifact.sig.v1+json' },
      ...([true, 'SIGNATURE'] as const),
    ],
    ['an artifact of another type', { artifactType: 'application/vnd.example.signature-policy' }, false, 'OTHER'],
    ['an ordinary image', {}, false, 'IMAGE'],
  ])('%s', async (_what, referrer, signed, kind) => {
    const { digest } = await push({ tags: ['app'] });
    await push({ layers: ['referrer'], subject: digest, ...referrer });
    expect(await of(digest)).toEqual([signed, [kind]]);
  });

  test.each<[string, string, boolean, string]>([
    ['sig', cosignLayer, true, 'SIGNATURE'],
    ['att', 'application/vnd.dsse.envelope.v1+json', false, 'ATTESTATION'],
    ['sbom', 'text/spdx+json', false, 'SBOM'],
    // Anybody who may push can make a tag of this name.
    ['sig', 'application/vnd.oci.image.layer.v1.tar', false, 'IMAGE'],
  ])('cosign 2 under a tag that ends in .%s, with layers of %s', async (suffix, layerType, signed, kind) => {
    const { digest } = await push({ tags: ['app'] });
    const other = await push({ tags: ['other'], layers: ['unsigned'] });
    await push({ layers: ['payload'], layerType, tags: [`${digest.replace(':', '-')}.${suffix}`] });
    expect(await of(digest)).toEqual([signed, [kind]]);
    expect(await of(other.digest)).toEqual([false, []]);
  });

  test('a signature is found among many referrers, and for every tag of a list', async () => {
    const { digest } = await push({ tags: ['a', 'b'] });
    for (let n = 0; n < 12; n += 1)
      await push({ layers: [`sbom ${String(n)}`], subject: digest, artifactType: 'application/spdx+json' });
    const tags = 'tags { nodes { manifest { hasSignature } } }';
    const answer = (hasSignature: boolean) => ({ tags: { nodes: Array(2).fill({ manifest: { hasSignature } }) } });
    expect(await show(tags)).toEqual(answer(false));
    await push({ layers: ['signature'], subject: digest, ...signature });
    expect(await show(tags)).toEqual(answer(true));
  });
});

test('labels that do not do what they say are problems of their manifest', async () => {
  const { digest } = await push({
    labels: { 'quay.expires-after': '3M', 'quay.immutable': 'yes', maintainer: 'alice' },
    annotations: { 'escale.expires-after': '2000w' },
  });
  const fields = 'labelProblems { name value reason }';
  expect(await show(`manifest(digest: "${digest}") { ${fields} }`)).toEqual({
    manifest: {
      labelProblems: [
        { name: 'quay.expires-after', value: '3M', reason: 'NOT_UNDERSTOOD' },
        { name: 'quay.immutable', value: 'yes', reason: 'NOT_UNDERSTOOD' },
        { name: 'escale.expires-after', value: '2000w', reason: 'TOO_LONG' },
      ],
    },
  });
  const plain = await push({ tags: ['plain'], layers: ['plain'], labels: { 'quay.expires-after': '3d' } });
  expect(await show(`manifest(digest: "${plain.digest}") { ${fields} }`)).toEqual({ manifest: { labelProblems: [] } });
});
