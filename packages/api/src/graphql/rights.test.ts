import { isNamedType, isNonNullType, type GraphQLObjectType, type GraphQLSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { User } from '@escale/schema/entities';
import { abilities, type Names } from '../testing/abilities.ts';
import { createScene, inputs, kinds, type Kind, type People, type Scene } from '../testing/scene.ts';
import { startTestApi, type Answer, type Caller, type TestApi } from '../testing/test-api.ts';
import { ruleIn, type Needs } from './access-rule.ts';
import { buildSchema } from './build-schema.ts';

/** A anonymous, U any user, Rr Rw Ra with a role on the repository, Om Oc Oa with a team role in the organization, S administrator. */
type Letter = 'A' | Kind;
const letters: readonly Letter[] = ['A', ...kinds];

let api: TestApi;
let people: People;
const callers = new Map<Letter, Caller>();
const schema: GraphQLSchema = await buildSchema();

beforeAll(async () => {
  api = await startTestApi();
  callers.set('A', api.caller());
  for (const kind of kinds) {
    const groups = kind === 'S' ? ['/escale-admins'] : [];
    callers.set(kind, await api.signIn({ name: `person-${kind.toLowerCase()}`, groups }));
  }
  const users = await api.database.orm.em.fork().find(User, {});
  const named = (kind: Kind) => users.find(({ username }) => username === `person-${kind.toLowerCase()}`);
  people = Object.fromEntries(kinds.map((kind) => [kind, named(kind)])) as Record<Kind, User>;
});
afterAll(() => api.close());

const newScene = (): Promise<Scene> => createScene(api.database.orm.em.fork(), api.vault, people);

function by(letter: Letter): Caller {
  const caller = callers.get(letter);
  if (!caller) throw new Error(`nobody is ${letter}`);
  return caller;
}

const refusals = ['UNAUTHORIZED', 'DENIED', 'NAME_UNKNOWN', 'NOT_FOUND'];

/** Whether something was done or shown; what is neither that nor a refusal in our own words is a fault. */
function allowed({ status, errors, text }: Answer, shown: unknown): boolean {
  expect([status, text]).toEqual([200, expect.any(String)]);
  for (const { extensions } of errors)
    expect([text, refusals]).toEqual([text, expect.arrayContaining([extensions.code])]);
  return errors.length === 0 && shown !== null && shown !== undefined;
}

/** The kinds of callers that satisfy each rule. Administrators of the registry (`S`) satisfy every one. */
const holders: Readonly<Partial<Record<Needs, readonly Letter[]>>> = {
  'repository read': ['Rr', 'Rw', 'Ra', 'Oa', 'S'],
  'repository write': ['Rw', 'Ra', 'Oa', 'S'],
  'repository admin': ['Ra', 'Oa', 'S'],
  'namespace member': ['Om', 'Oc', 'Oa', 'S'],
  'namespace creator': ['Oc', 'Oa', 'S'],
  'namespace admin': ['Oa', 'S'],
};

describe('every mutation on a thing of an organization is done for exactly those whom its declared rule names', () => {
  const mutations = Object.values(schema.getMutationType()?.getFields() ?? {}).flatMap((field) => {
    const needs = ruleIn(field.extensions)?.needs ?? 'nothing';
    return holders[needs] ? [{ name: field.name, needs, type: field.type }] : [];
  });
  expect(mutations.length).toBeGreaterThan(35);

  test.each(mutations)('$name: $needs', async ({ name, needs, type }) => {
    const build = inputs[name];
    if (!build) throw new Error(`testing/scene.ts has no input for ${name}`);
    const title = name.replace(/^./, (letter) => letter.toUpperCase());
    const payload = (isNonNullType(type) && isNamedType(type.ofType) ? type.ofType : undefined) as GraphQLObjectType;
    expect(payload.name).toBe(`${title}Payload`);
    const done: Letter[] = [];
    for (const letter of letters) {
      const scene = await newScene();
      const input = await build(scene);
      const mutation = `mutation($input: ${title}Input!) { ${name}(input: $input) { __typename } }`;
      const answer = await by(letter).graphql(mutation, { input });
      if (allowed(answer, answer.data[name])) done.push(letter);
    }
    expect(done).toEqual(holders[needs]);
  });
});

describe('everything else of an organization is shown to exactly those who may see it', () => {
  test.each(abilities)('to %s', async (_, ask, expected) => {
    const scene = await newScene();
    const names: Names = {
      organization: scene.organization.name,
      repository: (await scene.repository()).name,
      ownTeam: 'members',
      otherTeam: (await scene.team()).name,
      robot: (await scene.robot()).name,
    };
    const shown: Letter[] = [];
    for (const letter of letters) {
      const answer = await by(letter).graphql(`{ shown: ${ask(names)} }`);
      if (allowed(answer, answer.data['shown'])) shown.push(letter);
    }
    expect(shown.join(' ')).toBe(expected);
  });

  test('the contact address is null to all but its admins', async () => {
    const scene = await newScene();
    scene.organization.contactEmail = 'ops@example.org';
    await scene.em.flush();
    const shown: Letter[] = [];
    for (const letter of letters) {
      const { data } = await by(letter).graphql(
        `{ organization(name: "${scene.organization.name}") { contactEmail } }`,
      );
      if ((data['organization'] as { contactEmail: string | null }).contactEmail !== null) shown.push(letter);
    }
    expect(shown).toEqual(['Oa', 'S']);
  });

  test('a public repository is seen and pulled by all, and changed by nobody more than a private one', async () => {
    const scene = await newScene();
    const repository = await scene.repository();
    repository.visibility = 'public';
    await scene.em.flush();
    const actions = ['PULL', 'PUSH', 'DELETE', 'ADMINISTER'];
    const can = actions.map((action) => `${action}: viewerCan(action: ${action})`).join(' ');
    const table: Record<string, string> = Object.fromEntries(actions.map((action) => [action, '']));
    for (const letter of letters) {
      const { data } = await by(letter).graphql(`{ repository(name: "${repository.name}") { ${can} } }`);
      for (const action of actions) {
        if ((data['repository'] as Record<string, boolean>)[action]) table[action] = `${table[action] ?? ''}${letter} `;
      }
    }
    expect(table).toEqual({
      PULL: 'A U Rr Rw Ra Om Oc Oa S ',
      PUSH: 'Rw Ra Oa S ',
      DELETE: 'Rw Ra Oa S ',
      ADMINISTER: 'Ra Oa S ',
    });
  });
});

describe('one’s own', () => {
  test.each([
    ['make an organization', 'createOrganization', (n: number) => ({ name: `own-${String(n)}` })],
    ['make an API token', 'createApiToken', () => ({ title: 'script', scopes: ['READ'] })],
    ['make an application token', 'createApplicationToken', () => ({ title: 'laptop' })],
  ] as const)('everybody who signed in may %s', async (_, name, input) => {
    const title = name.replace(/^./, (letter) => letter.toUpperCase());
    const done: Letter[] = [];
    for (const [index, letter] of letters.entries()) {
      const mutation = `mutation($input: ${title}Input!) { ${name}(input: $input) { __typename } }`;
      const answer = await by(letter).graphql(mutation, { input: input(index) });
      if (allowed(answer, answer.data[name])) done.push(letter);
    }
    expect(done).toEqual(kinds);
  });

  test('everybody makes repositories and robots in the own namespace, and nobody but administrators in another’s', async () => {
    for (const letter of kinds) {
      const own = `person-${letter.toLowerCase()}`;
      const other = letter === 'U' ? 'person-rr' : 'person-u';
      const make = (namespace: string) =>
        by(letter).graphql(
          `mutation { repository: createRepository(input: { name: "${namespace}/of-${letter.toLowerCase()}" }) { __typename }
                      robot: createRobot(input: { namespace: "${namespace}", name: "of-${letter.toLowerCase()}" }) { __typename } }`,
        );
      expect((await make(own)).errors).toEqual([]);
      const refused = (await make(other)).errors.map(({ extensions }) => extensions.code);
      expect(refused).toEqual(letter === 'S' ? [] : ['DENIED']);
    }
  });
});
