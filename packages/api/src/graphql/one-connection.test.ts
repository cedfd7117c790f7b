import type { GraphQLSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { DefaultPermission, Session, User, type Organization } from '@escale/schema/entities';
import { buildUser } from '@escale/schema/testing';
import { abilities } from '../testing/abilities.ts';
import {
  applicationTokenOf,
  createScene,
  inputs,
  kinds,
  type Kind,
  type People,
  type Scene,
} from '../testing/scene.ts';
import { startTestApi, type Answer, type Caller, type TestApi } from '../testing/test-api.ts';
import { buildSchema } from './build-schema.ts';

/**
 * Everything, over a pool of one connection, by several callers at once: a request that wants a second connection while it holds
 * one would wait for itself, and all others with it.
 */
let api: TestApi;
let admin: Caller;
let people: People;
const schema: GraphQLSchema = await buildSchema();
const callers = 5;

beforeAll(async () => {
  api = await startTestApi({ connections: 1 });
  admin = await api.signIn({ name: 'alice', groups: ['/escale-admins'] });
  const em = api.database.orm.em.fork();
  const administrator = await em.findOneOrFail(User, { namespace: { name: 'alice' } });
  const made: Partial<Record<Kind, User>> = { Oa: administrator, S: administrator };
  for (const kind of kinds) made[kind] ??= await buildUser(em, { name: `person-${kind.toLowerCase()}` });
  people = made as People;
});
afterAll(() => api.close());

const newScene = (): Promise<Scene> => createScene(api.database.orm.em.fork(), api.vault, people);

let count = 0;
const next = (): string => `one${String((count += 1))}`;

async function idOf(mutation: string, input: string, path: string): Promise<string> {
  const { data, text } = await admin.graphql(`mutation { ${mutation}(input: ${input}) { ${path} } }`);
  const [, id] = /"id":"([^"]+)"/.exec(JSON.stringify(data)) ?? [];
  if (id === undefined) throw new Error(text);
  return id;
}

async function somebody({ em }: Scene): Promise<string> {
  return (await buildUser(em)).username;
}

/** What the matrix of rights has no input for. */
const others: Readonly<Record<string, (scene: Scene) => Promise<Record<string, unknown>>>> = {
  confirmUsername: async () => ({ username: 'alice' }),
  createApiToken: async () => ({ title: 'script', scopes: ['READ'] }),
  createApplicationToken: async () => ({ title: 'laptop' }),
  createMessage: async () => ({ text: 'a message', severity: 'INFO' }),
  createOrganization: async () => ({ name: next() }),
  deleteMessage: async () => ({ id: await idOf('createMessage', '{ text: "x", severity: INFO }', 'message { id }') }),
  disableUser: async (scene) => ({ username: await somebody(scene) }),
  enableUser: async (scene) => ({ username: await somebody(scene) }),
  revealApplicationToken: async (scene) => ({ id: await applicationTokenOf(scene, people.Oa) }),
  revokeApiToken: async () => ({
    id: await idOf('createApiToken', '{ title: "x", scopes: [READ] }', 'apiToken { id }'),
  }),
  revokeApplicationToken: async (scene) => ({ id: await applicationTokenOf(scene, people.Oa) }),
  revokeSession: async ({ em }) => {
    const session = await em.findOneOrFail(Session, { user: people.Oa.id });
    return { id: `not ${session.id}` };
  },
  revokeTokens: async ({ organization }) => ({ namespace: organization.name }),
  allowOrganizationGroups: async ({ organization }) => ({ organization: organization.name, patterns: ['/devs'] }),
  takeOverOrganization: async ({ organization }) => ({ organization: organization.name }),
  updateRegistrySettings: async () => ({}),
  // The callers must stay signed in.
  revokeOtherSessions: async () => ({}),
  applyDefaultPermissions: async (scene) => {
    await withRule(scene);
    return { organization: scene.organization.name };
  },
};

/** A repository that lacks what a default permission gives. */
async function withRule(scene: Scene): Promise<Organization> {
  const { em, organization } = scene;
  await scene.repository();
  em.create(DefaultPermission, { organization, role: 'read', team: await scene.team() });
  await em.flush();
  return organization;
}

/** Neither a fault of ours nor a wait that came to its end. */
function expectAnswered({ status, text, errors }: Answer): void {
  expect([status, text]).toEqual([status < 500 ? status : 'below 500', text]);
  for (const { extensions } of errors) expect([extensions.code, text]).not.toEqual(['INTERNAL_SERVER_ERROR', text]);
}

describe('by callers at once', () => {
  const mutations = Object.keys(schema.getMutationType()?.getFields() ?? {});
  expect(mutations.length).toBeGreaterThan(50);

  test.each(mutations)('%s', async (name) => {
    const build = others[name] ?? inputs[name];
    if (!build) throw new Error(`neither testing/scene.ts nor this file has an input for ${name}`);
    const title = name.replace(/^./, (letter) => letter.toUpperCase());
    const mutation = `mutation($input: ${title}Input!) { ${name}(input: $input) { __typename } }`;
    const given: Record<string, unknown>[] = [];
    for (let caller = 0; caller < callers; caller += 1) given.push(await build(await newScene()));
    const answers = await Promise.all(given.map((input) => admin.graphql(mutation, { input })));
    answers.forEach(expectAnswered);
    // Inputs that are refused before anything happens would prove nothing.
    const refusable = ['revokeSession', 'revokeOtherSessions', 'confirmUsername'];
    if (!refusable.includes(name)) expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
  });

  test('applyDefaultPermissions, looked at and applied', async () => {
    const apply = async () => {
      const { name } = await withRule(await newScene());
      const ask = (effect: string) =>
        admin.graphql(
          `mutation { applyDefaultPermissions(input: { organization: "${name}"${effect} }) { effect applied totalCount } }`,
        );
      const looked = await ask('');
      expectAnswered(looked);
      const { effect } = looked.data['applyDefaultPermissions'] as { effect: string };
      const applied = await ask(`, effect: "${effect}"`);
      expectAnswered(applied);
      return applied.data['applyDefaultPermissions'];
    };
    const all = await Promise.all(Array.from({ length: 20 }, apply));
    expect(all).toEqual(all.map(() => expect.objectContaining({ applied: true, totalCount: 1 }) as unknown));
  });

  test('everything that an organization shows', async () => {
    const scene = await newScene();
    const names = {
      organization: scene.organization.name,
      repository: (await scene.repository()).name,
      ownTeam: 'members',
      otherTeam: (await scene.team()).name,
      robot: (await scene.robot()).name,
    };
    const answers = await Promise.all(abilities.map(([, ask]) => admin.graphql(`{ shown: ${ask(names)} }`)));
    answers.forEach(expectAnswered);
    expect(answers.flatMap(({ errors }) => errors)).toEqual([]);
  });
});
