import {
  getNamedType,
  isInputObjectType,
  isInterfaceType,
  isObjectType,
  type GraphQLArgument,
  type GraphQLInputField,
  type GraphQLSchema,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { User } from '@escale/schema/entities';
import type { EntityManager } from '@escale/schema/orm';
import { buildUser } from '@escale/schema/testing';
import { createScene, inputs, kinds, type Kind, type People, type Scene } from '../testing/scene.ts';
import { harmless, named } from '../testing/named-things.ts';
import { pairIn, type Pair } from '../testing/things.ts';
import { startTestApi, type Answer, type Caller, type TestApi } from '../testing/test-api.ts';
import { buildSchema } from './build-schema.ts';

/**
 * T5: wherever something can be named, what belongs to another organization is answered byte for byte like what does not exist.
 * The arguments are found by walking the schema; a new one that names something must be listed here.
 */
let api: TestApi;
let mine: Scene;
let theirs: Scene;
/** Administers `mine`, and is nobody in `theirs`. */
let alice: Caller;
const schema: GraphQLSchema = await buildSchema();

beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice' });
  const em = api.database.orm.em.fork();
  const me = await em.findOneOrFail(User, { namespace: { name: 'alice' } });
  mine = await createScene(api.database.orm.em.fork(), api.vault, await everybody(em, me));
  theirs = await createScene(api.database.orm.em.fork(), api.vault, await everybody(em, await buildUser(em)));
});
afterAll(() => api.close());

/** Each kind of caller is somebody of its own, but for the admin. */
async function everybody(em: EntityManager, admin: User): Promise<People> {
  const people: Partial<Record<Kind, User>> = { Oa: admin };
  for (const kind of kinds) people[kind] ??= await buildUser(em);
  return people as People;
}

const pairOf = (thing: string): Promise<Pair> => pairIn(theirs, thing);

function textPaths(argument: GraphQLArgument | GraphQLInputField, path: string): string[] {
  const type = getNamedType(argument.type);
  if (isInputObjectType(type))
    return Object.values(type.getFields()).flatMap((field) => textPaths(field, `${path}.${field.name}`));
  return type.name === 'String' || type.name === 'ID' ? [path] : [];
}

const paths = Object.values(schema.getTypeMap()).flatMap((type) => {
  if (!(isObjectType(type) || isInterfaceType(type)) || type.name.startsWith('__')) return [];
  return Object.values(type.getFields()).flatMap(({ name, args }) =>
    type.name === 'Mutation'
      ? args.flatMap((argument) => textPaths(argument, name))
      : args.flatMap((argument) => textPaths(argument, `${type.name}.${name}.${argument.name}`)),
  );
});

test('every argument that takes a text is known to name something or nothing', () => {
  const known = (path: string) => path in named || harmless.some((pattern) => pattern.test(path));
  expect(paths.filter((path) => !known(path))).toEqual([]);
  expect(Object.keys(named).filter((path) => !paths.includes(path))).toEqual([]);
});

const codes = ({ errors }: Answer) => errors.map(({ extensions }) => extensions.code);

/**
 * Both answers are the same, byte for byte, once what was named is taken out of them, and the numbers of what each attempt made
 * afresh in the own organization.
 */
function expectAlike(existing: Answer, absent: Answer, [one, other]: Pair): void {
  const without = ({ text }: Answer, name: string) =>
    text
      .replaceAll(name, '*')
      .replaceAll(name.split('+')[1] ?? name, '*')
      .replaceAll(/(?<=app|bot|team)\d{5}\b/g, '*');
  expect([existing.status, without(existing, one)]).toEqual([absent.status, without(absent, other)]);
}

const mutationPaths = Object.entries(named).filter(([path]) => /^[a-z]/.test(path));

describe('a mutation that names a thing of another organization is answered like one that names nothing', () => {
  test.each(mutationPaths)('%s', async (path, thing) => {
    const [mutation = '', ...steps] = path.split('.');
    const title = mutation.replace(/^./, (letter) => letter.toUpperCase());
    const pair = await pairOf(thing);
    const build: (scene: Scene) => Promise<Record<string, unknown>> =
      inputs[mutation] ?? (() => Promise.resolve({ id: '' }));
    const ask = async (name: string, organization?: string) => {
      const input = await build(mine);
      place(input, steps, name);
      if (organization !== undefined) input['organization'] = organization;
      return alice.graphql(`mutation($input: ${title}Input!) { ${mutation}(input: $input) { __typename } }`, { input });
    };
    const existing = await ask(pair[0]);
    expect(codes(existing)).toHaveLength(1);
    expect(['NOT_FOUND', 'NAME_UNKNOWN', 'DENIED']).toEqual(expect.arrayContaining(codes(existing)));
    expectAlike(existing, await ask(pair[1]), pair);
    // The same within the other organization: it is known to exist, what is in it is not.
    if (mutation in inputs && 'organization' in (await build(mine))) {
      const within = theirs.organization.name;
      expectAlike(await ask(pair[0], within), await ask(pair[1], within), pair);
    }
  });
});

function place(target: Record<string, unknown>, steps: readonly string[], value: string): void {
  const [step = '', ...rest] = steps;
  if (rest.length === 0) {
    target[step] = value;
    return;
  }
  const inner = target[step];
  if (step === 'grantee') {
    // Of a choice exactly one is given.
    target[step] = { [rest[0] ?? '']: value };
    return;
  }
  place((Array.isArray(inner) ? inner[0] : inner) as Record<string, unknown>, rest, value);
}

describe('a query that names a thing of another organization is answered like one that names nothing', () => {
  test('Query.repository.name', async () => {
    const pair = await pairOf('repository');
    const ask = (name: string) => alice.graphql(`{ repository(name: "${name}") { id } }`);
    const existing = await ask(pair[0]);
    expect(existing.data).toEqual({ repository: null });
    expectAlike(existing, await ask(pair[1]), pair);
  });

  test.each([
    ['robot', 'robot(name: $name) { id }'],
    ['team', 'team(name: $name) { id }'],
    ['robot', 'newRepositoryPermissions(createdBy: $name) { role }'],
  ] as const)('Organization: %s in %s', async (thing, field) => {
    const [existing, absent] = await pairOf(thing);
    const short = (name: string) => (field.startsWith('robot') ? (name.split('+')[1] ?? '') : name);
    for (const organization of [mine.organization.name, theirs.organization.name]) {
      const ask = (name: string) =>
        alice.graphql(`query($name: String!) { organization(name: "${organization}") { ${field} } }`, {
          name: short(name),
        });
      expectAlike(await ask(existing), await ask(absent), [short(existing), short(absent)]);
    }
  });

  test('User: robot in robot(name: $name)', async () => {
    const [existing, absent] = await pairOf('robot');
    const [, short = ''] = existing.split('+');
    const ask = (name: string) =>
      alice.graphql('query($name: String!) { viewer { robot(name: $name) { id } } }', { name });
    const { data } = await ask(short);
    expect(data).toEqual({ viewer: { robot: null } });
    expectAlike(await ask(short), await ask(absent), [short, absent]);
  });

  test('Query.explainAccess', async () => {
    const { name: own } = await mine.repository();
    const ask = (repository: string, grantee: Record<string, string> | null) =>
      alice.graphql(
        `query($repository: String!, $grantee: GranteeInput) {
          explainAccess(repository: $repository, action: PUSH, grantee: $grantee) { allowed grantableBy } }`,
        { repository, grantee },
      );
    const repositories = await pairOf('repository');
    for (const grantee of [null, { user: 'alice' }])
      expectAlike(await ask(repositories[0], grantee), await ask(repositories[1], grantee), repositories);
    for (const kind of ['robot', 'team']) {
      const pair = await pairOf(kind);
      const existing = await ask(own, { [kind]: pair[0] });
      expect(codes(existing)).toEqual(['NOT_FOUND']);
      expectAlike(existing, await ask(own, { [kind]: pair[1] }), pair);
    }
  });

  test('Query.usageLogExport.id', async () => {
    const pair = await pairOf('usageLogExport');
    const ask = (id: string) => alice.graphql(`{ usageLogExport(id: "${id}") { state } }`);
    const existing = await ask(pair[0]);
    expect(codes(existing)).toEqual(['NOT_FOUND']);
    expectAlike(existing, await ask(pair[1]), pair);
  });

  test.each(['repositoryActivity(repository: $r) { kind }', 'usageLog(namespace: $n, repository: $r) { kind }'])(
    'Subscription: %s',
    async (field) => {
      const pair = await pairOf('repository');
      const n = theirs.organization.name;
      const variables = field.includes('$n') ? '$r: String!, $n: String!' : '$r: String!';
      const ask = async (r: string) => {
        const events = await alice.follow(`subscription(${variables}) { ${field} }`, {
          r,
          ...(field.includes('$n') && { n }),
        });
        return JSON.stringify(await events.next()).replaceAll(r, '*');
      };
      const existing = await ask(pair[0]);
      expect(existing).toContain('NAME_UNKNOWN');
      expect(existing).toBe(await ask(pair[1]));
    },
  );

  test('Repository.manifest.digest', async () => {
    const pair = await pairOf('digest');
    const { name } = await mine.repository();
    const ask = (digest: string) =>
      alice.graphql(`{ repository(name: "${name}") { manifest(digest: "${digest}") { size } } }`);
    const existing = await ask(pair[0]);
    expect(existing.data).toEqual({ repository: { manifest: null } });
    expectAlike(existing, await ask(pair[1]), pair);
  });

  test('searches and lists show nothing of it', async () => {
    const { name } = await theirs.repository();
    const { name: team } = await theirs.team();
    const { login } = await theirs.robot();
    for (const text of [name, team, login]) {
      expect((await alice.graphql(`{ search(text: "${text}") { __typename } }`)).data).toEqual({ search: [] });
    }
    const list = await alice.graphql(`{ repositories(search: "${name}") { totalCount } }`);
    expect(list.data).toEqual({ repositories: { totalCount: 0 } });
  });
});
