import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { deleteManifest } from '@escale/domain/content';
import { contentScene } from '../testing/content-scene.ts';
import { type Caller, type TestApi } from '../testing/test-api.ts';

const scene = contentScene();
const { push, show, mutate, faults, context, repository } = scene;
let api: TestApi;
let alice: Caller;
let bob: Caller;
let name: string;
beforeAll(async () => {
  ({ api, alice, bob } = await scene.open());
});
afterAll(() => api.close());
beforeEach(async () => {
  name = await scene.begin();
});

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
  await scene.begin('acme/app');
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

test('what its publisher deprecates says so, and is found', async () => {
  const deprecate = (text: string) => ({ annotations: { 'escale.deprecated': text } });
  await push({ tags: ['new'], layers: ['new'], annotations: { note: 'escale.deprecated' } });
  await push({ tags: ['mute'], layers: ['mute'], ...deprecate('') });
  await push({ tags: ['old', 'older'], layers: ['old'], ...deprecate('<b>use</b> new') });
  await push({ tags: ['endless'], layers: ['endless'], ...deprecate(`${'x'.repeat(999)}👩${'y'.repeat(100_000)}`) });
  const { tags } = await show<{ tags: { totalCount: number; nodes: unknown[] } }>(
    'tags(orderBy: NAME) { totalCount nodes { name manifest { deprecation } } }',
  );
  expect(tags.nodes).toEqual(
    [
      ['endless', `${'x'.repeat(999)}\ufffd`],
      ['mute', ''],
      ['new', null],
      ['old', '<b>use</b> new'],
      ['older', '<b>use</b> new'],
    ].map(([tag, deprecation]) => ({ name: tag, manifest: { deprecation } })),
  );
  expect(
    await show('tagNames(search: "is:Deprecated", orderBy: NAME) tags(search: "is:deprecated") { totalCount }'),
  ).toEqual({ tagNames: ['endless', 'mute', 'old', 'older'], tags: { totalCount: 4 } });
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
  const { tags } = await show<{ tags: { nodes: { freedBytes: number }[] } }>(`tags(first: 6) { nodes { ${fields} } }`);
  expect(tags.nodes).toHaveLength(6);
  expect(tags.nodes.every(({ freedBytes }) => freedBytes > 0)).toBe(true);
  expect(await statements(6)).toBe(await statements(2));
  expect(execute.mock.calls.length).toBeGreaterThan(3);
  execute.mockRestore();
});
