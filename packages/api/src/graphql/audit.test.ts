import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { User } from '@escale/schema/entities';
import { buildUser } from '@escale/schema/testing';
import { createScene, inputs, kinds, type Kind, type People, type Scene } from '../testing/scene.ts';
import { startTestApi, type Caller, type TestApi } from '../testing/test-api.ts';

/** Every act of consequence leaves an entry (docs/guarantees.md, Rights), in the log of the namespace that it concerns. */
let api: TestApi;
let alice: Caller;
let people: People;
/** Of one test alone: what one leaves may stand in the way of another. */
let scene: Scene;
beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice' });
  const em = api.database.orm.em.fork();
  const me = await em.findOneOrFail(User, { namespace: { name: 'alice' } });
  const everybody: Partial<Record<Kind, User>> = { Oa: me };
  for (const kind of kinds) everybody[kind] ??= await buildUser(em);
  people = everybody as People;
});
beforeEach(async () => {
  scene = await createScene(api.database.orm.em.fork(), api.vault, people);
});
afterAll(() => api.close());

/** What concerns nobody else: one's own stars. And what is not done here, because nothing is there to be changed. */
const silent = new Set(['setStar', 'applyDefaultPermissions', 'revokeOtherSessions', 'restoreTag', 'setTagsExpiry']);
const mutations = Object.keys(inputs).filter((name) => !silent.has(name));

test.each(mutations)('%s', async (name) => {
  const input = await (inputs[name] as (scene: Scene) => Promise<Record<string, unknown>>)(scene);
  const before = new Date();
  const title = name.replace(/^./, (letter) => letter.toUpperCase());
  const { errors } = await alice.graphql(`mutation($input: ${title}Input!) { ${name}(input: $input) { __typename } }`, {
    input,
  });
  expect(errors).toEqual([]);
  const entries = await api.database.orm.em
    .fork()
    .execute<{ performer: string; namespace_id: string | null }[]>(
      `select performer, namespace_id from usage_log_entries where at >= ? and namespace = ?`,
      [before, scene.organization.name],
    );
  expect(entries.length).toBeGreaterThan(0);
  expect(new Set(entries.map(({ performer }) => performer))).toEqual(new Set(['alice']));
  expect(new Set(entries.map(({ namespace_id }) => namespace_id))).toEqual(new Set([scene.organization.namespace.id]));
});
