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
