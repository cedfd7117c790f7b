import { getNamedType, isInputObjectType, isListType, isNonNullType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { User } from '@escale/schema/entities';
import { buildUser } from '@escale/schema/testing';
import {
  calls,
  inParts,
  leafPaths,
  mutationsOf,
  places,
  questionsOf,
  variable,
  withValue,
  type Argument,
  type SceneNames,
} from '../testing/schema-walk.ts';
import { createScene, inputs, kinds, type Kind, type People, type Scene } from '../testing/scene.ts';
import { startTestApi, type Answer, type Caller, type TestApi } from '../testing/test-api.ts';
import { buildSchema } from './build-schema.ts';

/**
 * T17, T19: whatever is given for whatever argument, no statement is made of it, and nothing fails on our side. The arguments are
 * found by walking the schema; a type with arguments that cannot be reached fails here.
 */
let api: TestApi;
/** Administers the scene's organization and the registry, so that nothing is refused before it is read. */
let alice: Caller;
/** May nothing there. */
let bob: Caller;
let people: People;
let scene: Scene;
let names: SceneNames;
const statements = new Set<string>();
const schema = await buildSchema();
const ownKeys = Reflect.ownKeys(Object.prototype);

beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice', groups: ['/escale-admins'] });
  bob = await api.signIn({ name: 'bob' });
  const em = api.database.orm.em.fork();
  const me = await em.findOneOrFail(User, { namespace: { name: 'alice' } });
  const others: Partial<Record<Kind, User>> = { Oa: me };
  for (const kind of kinds) others[kind] ??= await buildUser(em);
  people = others as People;
  scene = await createScene(em, api.vault, people);
  const { name: repository } = await scene.repository();
  const answer = await alice.graphql(`{ repository(name: "${repository}") { tag(name: "v1") { digest } } }`);
  names = {
    organization: scene.organization.name,
    repository,
    team: (await scene.team()).name,
    robot: (await scene.robot()).name,
    digest: (answer.data['repository'] as { tag: { digest: string } }).tag.digest,
  };
  api.database.rewriteStatements((sql) => {
    statements.add(sql);
    return sql;
  });
});
afterAll(() => api.close());

/** In every text that is no name of the language, so that it is recognized in a statement. */
const mark = 'zqx';
const texts = [
  ...["'", '"', '`', "''", "\\'", "' or '1'='1", "'; drop table users; --", "') union select null --", '%_', '$1', '?'],
  ...['${1}', ':a', '/*', '\n--', '{"__raw":"select 1"}', '\u2019', '[*]', '|| pg_sleep(9)'],
].map((tail) => mark + tail);
const namesOfTheLanguage = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty'];
const hostile = [...texts, ...namesOfTheLanguage];
const misfits = [{ $ne: null }, { __raw: 'select 1' }, [['x']], [{ a: 1 }]];
const cursorOf = (key: string) =>
  Buffer.from(JSON.stringify([key, '018f2f60-0000-7000-8000-0000000000aa'])).toString('base64url');

function valuesFor({ name, type }: Argument): readonly unknown[] {
  const { name: typeName } = getNamedType(type);
  const given = name === 'after' ? [...hostile, ...hostile.map(cursorOf)] : hostile;
  const isList = isListType(isNonNullType(type) ? type.ofType : type);
  if (isInputObjectType(getNamedType(type)) || (typeName !== 'String' && typeName !== 'ID')) return hostile;
  return isList ? given.map((value) => [value]) : given;
}

function expectUnharmed(answers: readonly Answer[]): void {
  for (const { status, text } of answers) {
    expect([status, text]).toEqual([status === 400 ? 400 : 200, text]);
    expect(text).not.toContain('INTERNAL_SERVER_ERROR');
  }
  expect([...statements].filter((sql) => sql.includes(mark))).toEqual([]);
  expect(Reflect.ownKeys(Object.prototype)).toEqual(ownKeys);
}

const codes = ({ errors }: Answer) => new Set(errors.map(({ extensions }) => extensions.code));

describe('a query takes whatever is given as a value', () => {
  test.each(questionsOf(schema))('$what', async ({ type, field, argument }) => {
    const place = places[type.name];
    if (!place) throw new Error(`no way is known to a ${type.name}`);
    const ask = (values: readonly unknown[]) => {
      const { text, defined, variables } = calls(field, argument, values);
      return alice.graphql(`query(${defined}) { ${place(text, names)} }`, variables);
    };
    const answers: Answer[] = [];
    for (const values of inParts(valuesFor(argument))) answers.push(await ask(values));
    const refused = [await ask(misfits)];
    expectUnharmed([...answers, ...refused]);
    expect(answers[0]?.text).not.toContain('GRAPHQL_VALIDATION_FAILED');
    for (const answer of refused) expect([answer.status, codes(answer)]).toEqual([400, new Set(['BAD_USER_INPUT'])]);
  });
});

describe('a mutation takes whatever is given as a value', () => {
  test.each(mutationsOf(schema))('$name', async ({ name, type }) => {
    const made = await createScene(api.database.orm.em.fork(), api.vault, people);
    const input = (await inputs[name]?.(made)) ?? {};
    const answers: Answer[] = [];
    const refused: Answer[] = [];
    for (const path of leafPaths(type, ['String', 'ID'])) {
      const many = async (values: readonly unknown[]) => {
        const fields = values.map((_, index) => `a${String(index)}: ${name}(input: $v${String(index)}) { __typename }`);
        const defined = values.map((_, index) => variable(`v${String(index)}`, type)).join(', ');
        const given = values.map((value, index) => [`v${String(index)}`, withValue(input, path, value)] as const);
        return alice.graphql(`mutation(${defined}) { ${fields.join(' ')} }`, Object.fromEntries(given));
      };
      for (const values of inParts(hostile)) answers.push(await many(values));
      refused.push(await many(misfits));
    }
    expectUnharmed([...answers, ...refused]);
    for (const answer of refused) expect([answer.status, codes(answer)]).toEqual([400, new Set(['BAD_USER_INPUT'])]);
  });
});

test.each([
  'usageLog(namespace: $v)',
  'usageLog(namespace: "bob", repository: $v)',
  'repositoryActivity(repository: $v)',
])('a subscription takes whatever is given as a value: %s', async (field) => {
  for (const v of hostile) {
    const events = await bob.follow(`subscription($v: String!) { ${field} { __typename } }`, { v });
    const told = await events.next();
    expect(told?.errors.map(({ extensions }) => extensions.code)).toEqual([
      expect.stringMatching(/^(?:NAME_UNKNOWN|NOT_FOUND|DENIED)$/),
    ]);
  }
  expectUnharmed([]);
});

test('statements were seen', () => {
  expect(statements.size).toBeGreaterThan(40);
});
