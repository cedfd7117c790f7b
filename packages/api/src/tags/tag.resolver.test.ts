import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { Repository } from '@escale/schema/entities';
import { anonymous } from '@escale/domain/access';
import { deleteManifest } from '@escale/domain/content';
import type { Context } from '@escale/domain/context';
import { pushTestImage, pushTestIndex, type TestImage } from '@escale/domain/testing';
import { startTestApi, type Answer, type Caller, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let alice: Caller;
let bob: Caller;
let name: string;
let count = 0;
beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice' });
  bob = await api.signIn({ name: 'bob' });
});
afterAll(() => api.close());
beforeEach(async () => {
  name = `alice/app${String((count += 1))}`;
  await alice.graphql('mutation($name: String!) { createRepository(input: { name: $name }) { repository { id } } }', {
    name,
  });
});

const context = (): Context => ({
  em: api.database.orm.em.fork(),
  principal: anonymous,
  now: new Date(),
  vault: api.vault,
  client: {},
});
const repository = () => api.database.orm.em.fork().findOneOrFail(Repository, { name: name as never });
const push = async (image: TestImage = {}) => pushTestImage(context(), await repository(), image);
const show = async (fields: string, caller = alice) => {
  const { data } = await caller.graphql(`query($name: String!) { repository(name: $name) { ${fields} } }`, { name });
  return data['repository'] as Record<string, never>;
};
const faults = ({ errors }: Answer) => errors.map(({ extensions: { code, field } }) => [code, field]);
const mutate = (mutation: string, input: Record<string, unknown>, fields: string, caller = alice) => {
  const type = mutation.replace(/^./, (letter) => letter.toUpperCase());
  return caller.graphql(`mutation($input: ${type}Input!) { ${mutation}(input: $input) { ${fields} } }`, {
    input: { repository: name, ...input },
  });
};

describe('a tag’s life', () => {
  test('is set, moved if it is what one saw, deleted, restored, and told', async () => {
    const one = await push({ layers: ['one'] });
    const two = await push({ layers: ['two'] });
    expect(
      (await mutate('setTag', { tag: 'v1', digest: one.digest, mustBeNew: true }, 'tag { name digest }')).data,
    ).toEqual({
      setTag: { tag: { name: 'v1', digest: one.digest } },
    });
    const stale = await mutate(
      'setTag',
      { tag: 'v1', digest: two.digest, expectedDigest: two.digest },
      'tag { digest }',
    );
    expect(faults(stale)).toEqual([['PRECONDITION_FAILED', undefined]]);
    await mutate('setTag', { tag: 'v1', digest: two.digest, expectedDigest: one.digest }, 'tag { digest }');
    expect((await mutate('deleteTag', { tag: 'v1' }, 'name')).data).toEqual({ deleteTag: { name: 'v1' } });
    expect(faults(await mutate('deleteTag', { tag: 'v1' }, 'name'))).toEqual([['NOT_FOUND', 'tag']]);
    expect((await mutate('restoreTag', { tag: 'v1', digest: one.digest }, 'tag { digest }')).data).toEqual({
      restoreTag: { tag: { digest: one.digest } },
    });
    const events = 'tagHistory(tag: "v1") { totalCount nodes { kind by digest previousDigest restorable } }';
    expect(await show(events)).toEqual({
      tagHistory: {
        totalCount: 4,
        nodes: [
          { kind: 'RESTORED', by: 'alice', digest: one.digest, previousDigest: null, restorable: false },
          { kind: 'DELETED', by: 'alice', digest: two.digest, previousDigest: null, restorable: true },
          { kind: 'MOVED', by: 'alice', digest: two.digest, previousDigest: one.digest, restorable: true },
          { kind: 'SET', by: 'alice', digest: one.digest, previousDigest: null, restorable: false },
        ],
      },
    });
  });

  test('ends by itself when one says so, and not at all when it is immutable', async () => {
    await push({ tags: ['a', 'b'] });
    const expiresAt = '2100-01-31T12:00:00.000Z';
    expect((await mutate('setTagExpiry', { tag: 'a', expiresAt }, 'tag { expiresAt }')).data).toEqual({
      setTagExpiry: { tag: { expiresAt } },
    });
    const past = await mutate('setTagExpiry', { tag: 'a', expiresAt: '2000-01-01T00:00:00Z' }, 'tag { expiresAt }');
    expect(faults(past)).toEqual([['INPUT_INVALID', 'expiresAt']]);
    expect((await mutate('setTagImmutability', { tag: 'b', immutable: true }, 'tag { immutable }')).data).toEqual({
      setTagImmutability: { tag: { immutable: true } },
    });
    expect(faults(await mutate('deleteTag', { tag: 'b' }, 'name'))).toEqual([['TAG_IMMUTABLE', undefined]]);
    const many = await mutate('setTagsExpiry', { tags: ['a', 'b', 'none'], expiresAt }, 'results { tag done code }');
    expect(many.data).toEqual({
      setTagsExpiry: {
        results: [
          { tag: 'a', done: true, code: null },
          { tag: 'b', done: false, code: 'TAG_IMMUTABLE' },
          { tag: 'none', done: false, code: 'NOT_FOUND' },
        ],
      },
    });
    await mutate('setTagExpiry', { tag: 'a', expiresAt: null }, 'tag { name }');
    const fixed = await mutate('setTagsImmutability', { tags: ['a'], immutable: true }, 'results { done }');
    expect(fixed.data).toEqual({ setTagsImmutability: { results: [{ done: true }] } });
    const gone = await mutate('deleteTags', { tags: ['a', 'b'] }, 'results { done message }');
    expect(JSON.stringify(gone.data)).toMatch(/the tag a is immutable.*the tag b is immutable/);
  });
});

test('a repository with an immutable tag is not deleted (T13)', async () => {
  await push({ tags: ['a'] });
  await mutate('setTagImmutability', { tag: 'a', immutable: true }, 'tag { name }');
  const remove = () => mutate('deleteRepository', { confirmName: name }, 'repository { name }');
  expect(faults(await remove())).toEqual([['TAG_IMMUTABLE', undefined]]);
  await mutate('setTagImmutability', { tag: 'a', immutable: false }, 'tag { name }');
  expect(faults(await remove())).toEqual([]);
});

test('an organization says for how long its tags can be restored, also those that have ended already', async () => {
  await alice.graphql('mutation { createOrganization(input: { name: "acme" }) { organization { id } } }');
  name = 'acme/app';
  await alice.graphql('mutation { createRepository(input: { name: "acme/app" }) { repository { id } } }');
  const ask = '{ server { timeMachineChoices } organization(name: "acme") { timeMachineSeconds } }';
  expect((await alice.graphql(ask)).data).toEqual({
    server: { timeMachineChoices: [0, 86_400, 604_800, 1_209_600, 2_419_200] },
    organization: { timeMachineSeconds: 1_209_600 },
  });
  const set = (seconds: number) =>
    alice.graphql(
      'mutation($seconds: Int) { updateOrganization(input: { name: "acme", timeMachineSeconds: $seconds }) { organization { timeMachineSeconds } } }',
      { seconds },
    );
  expect(faults(await set(5))).toEqual([['INPUT_INVALID', 'timeMachineSeconds']]);
  const { digest } = await push({ tags: ['a'] });
  await deleteManifest(context(), await repository(), { kind: 'digest', digest });
  expect((await set(0)).data).toEqual({ updateOrganization: { organization: { timeMachineSeconds: 0 } } });
  expect(faults(await mutate('restoreTag', { tag: 'a', digest }, 'tag { name }'))).toEqual([['NOT_FOUND', 'digest']]);
  expect(await show('tagHistory(first: 1) { nodes { restorable } }')).toEqual({
    tagHistory: { nodes: [{ restorable: false }] },
  });
  await set(86_400);
  expect(faults(await mutate('restoreTag', { tag: 'a', digest }, 'tag { name }'))).toEqual([]);
});

test('what one may not see does not exist, for every mutation', async () => {
  const { digest } = await push({ tags: ['a'] });
  const inputs: Record<string, [Record<string, unknown>, string]> = {
    setTag: [{ tag: 'a', digest }, 'tag { name }'],
    deleteTag: [{ tag: 'a' }, 'name'],
    deleteTags: [{ tags: ['a'] }, 'results { tag }'],
    restoreTag: [{ tag: 'a', digest }, 'tag { name }'],
    setTagExpiry: [{ tag: 'a', expiresAt: null }, 'tag { name }'],
    setTagsExpiry: [{ tags: ['a'], expiresAt: null }, 'results { tag }'],
    setTagImmutability: [{ tag: 'a', immutable: true }, 'tag { name }'],
    setTagsImmutability: [{ tags: ['a'], immutable: true }, 'results { tag }'],
  };
  for (const [mutation, [input, fields]] of Object.entries(inputs)) {
    const hidden = await mutate(mutation, input, fields, bob);
    expect([mutation, faults(hidden)]).toEqual([mutation, [['NAME_UNKNOWN', undefined]]]);
    const missing = await mutate(mutation, { ...input, repository: 'alice/missing' }, fields, bob);
    expect(hidden.text.replaceAll(name, '*')).toBe(missing.text.replaceAll('alice/missing', '*'));
  }
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
    const first = (await show(
      `manifest(digest: "${digest}") { referrers(first: 2) { nodes { digest } pageInfo { endCursor hasNextPage } } }`,
    )) as unknown as { manifest: { referrers: { pageInfo: { endCursor: string } } } };
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

test('any part of a list is had by the names of all: ordered and searched as the list, then looked up', async () => {
  const images = [];
  for (const tag of ['b', 'c', 'a-rc']) images.push(await push({ tags: [tag], layers: [tag.repeat(3)] }));
  const signature = await push({ layers: ['s'], subject: images[1]?.digest as never });
  expect(
    await show(
      'pushed: tagNames named: tagNames(orderBy: NAME) size: tagNames(orderBy: SIZE) sought: tagNames(search: "A")',
    ),
  ).toEqual({ pushed: ['a-rc', 'c', 'b'], named: ['a-rc', 'b', 'c'], size: ['a-rc', 'c', 'b'], sought: ['a-rc'] });
  expect(await show(`tagNames(search: "${images[0]?.digest ?? ''}")`)).toEqual({ tagNames: ['b'] });
  const referrers = (digest?: string) => ({ manifest: { referrers: { nodes: digest ? [{ digest }] : [] } } });
  expect(
    await show('tagsByName(names: ["c", "b", "none", "c"]) { name manifest { referrers { nodes { digest } } } }'),
  ).toEqual({
    tagsByName: [
      { name: 'b', ...referrers() },
      { name: 'c', ...referrers(signature.digest) },
    ],
  });
  const many = JSON.stringify(Array.from({ length: 101 }, String));
  const { errors } = await alice.graphql(`{ repository(name: "${name}") { tagsByName(names: ${many}) { name } } }`);
  expect(errors.map(({ extensions }) => extensions)).toMatchObject([{ code: 'INPUT_INVALID', field: 'names' }]);
});

test('a page of tags with everything takes a bounded number of statements (no N+1)', async () => {
  for (const tag of ['a', 'b', 'c', 'd', 'e', 'f']) await push({ tags: [tag], layers: [tag] });
  const fields =
    'name freedBytes manifest { config { os } layers { command } tagCount referrers(first: 5) { totalCount } }';
  const execute = vi.spyOn(api.database.orm.em.getConnection(), 'execute');
  const statements = async (first: number): Promise<number> => {
    execute.mockClear();
    await show(`tags(first: ${String(first)}) { nodes { ${fields} } }`);
    return execute.mock.calls.length;
  };
  const { tags } = (await show(`tags(first: 6) { nodes { ${fields} } }`)) as unknown as {
    tags: { nodes: { freedBytes: number }[] };
  };
  expect(tags.nodes).toHaveLength(6);
  expect(tags.nodes.every(({ freedBytes }) => freedBytes > 0)).toBe(true);
  expect(await statements(6)).toBe(await statements(2));
  expect(execute.mock.calls.length).toBeGreaterThan(3);
  execute.mockRestore();
});
