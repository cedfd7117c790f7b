import {
  getNamedType,
  isEnumType,
  isInputObjectType,
  isListType,
  isNonNullType,
  isRequiredInputField,
  type GraphQLInputType,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { User } from '@escale/schema/entities';
import { buildUser } from '@escale/schema/testing';
import { createScene, inputs, kinds, type Kind, type People, type Scene } from '../testing/scene.ts';
import {
  calls,
  inParts,
  leafPaths,
  mutationsOf,
  places,
  questionsOf,
  sample,
  variable,
  withValue,
  type SceneNames,
} from '../testing/schema-walk.ts';
import { startTestApi, type Answer, type Caller, type TestApi } from '../testing/test-api.ts';
import { buildSchema } from './build-schema.ts';

/**
 * Values that are of their type and that PostgreSQL, JavaScript or a limit takes exception to (G13): whatever is given, the answer
 * is a refusal or a result, never a failure on our side. The places are found by walking the schema; a scalar without odd values
 * fails here.
 */
let api: TestApi;
let alice: Caller;
let people: People;
let scene: Scene;
let names: SceneNames;
const schema = await buildSchema();

beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice', groups: ['/escale-admins'] });
  const em = api.database.orm.em.fork();
  const others: Partial<Record<Kind, User>> = {
    Oa: await em.findOneOrFail(User, { namespace: { name: 'alice' } }),
  };
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
});
afterAll(() => api.close());

const texts = [
  ...[
    '',
    ' ',
    '\t\r\n',
    '0',
    '-1',
    '1e999',
    'null',
    'NaN',
    '../..',
    '/',
    '//',
    '%',
    '%00',
    '%2f',
    '\\',
    '\u0001\u001f\u007f',
  ],
  ...['9'.repeat(400), 'x'.repeat(9000), '\u202e\u2066rtl', '\ufeff', '\u{1f600}'.repeat(300), 'é'.repeat(300)],
  ...[
    'e\u0301',
    '\uffff',
    '00000000-0000-0000-0000-000000000000',
    `sha256:${'0'.repeat(64)}`,
    `sha256:${'g'.repeat(64)}`,
  ],
  ...['sha512:', 'a/b', `${'a/'.repeat(200)}a`, `$app`, 'a+b', '*', '(', '[', '{1,99999}', `is:${'x'.repeat(300)}`],
  ...['repository:tag:', 'before:0000-00-00', 'size:>99999999999999999999', '"', "'", '"'.repeat(50), '('.repeat(500)],
  ...['a@b', 'A'.repeat(256), 'library', '__proto__', 'http://[', 'javascript:alert(1)', '٣'],
];
/** PostgreSQL keeps none of these in a text. */
const noTexts = ['\0', 'a\0b', '\ud800', '\udfff\ud800'];
const dates = [
  ...['0000-01-01T00:00:00Z', '0000-12-31T23:59:59.999Z', '0001-01-01T00:00:00Z', '0001-01-01T00:00:00+14:00'],
  ...['9999-12-31T23:59:59.999999999Z', '9999-12-31T23:59:59-14:00', '1969-12-31T23:59:59Z', '1582-10-10T00:00:00Z'],
  ...[
    '2027-02-30T00:00:00Z',
    '2027-13-01T00:00:00Z',
    '2027-01-31T24:00:00Z',
    '2027-06-30T23:59:60Z',
    '2027-01-01T00:00:00+99:99',
  ],
  ...[
    '+010000-01-01T00:00:00Z',
    '-000001-01-01T00:00:00Z',
    '99999-01-01T00:00:00Z',
    '2027-01-01',
    '',
    'now',
    'infinity',
  ],
];
const odd: Readonly<Record<string, readonly unknown[]>> = {
  String: texts,
  ID: [...texts, 0, -1, 2 ** 53, -(2 ** 31)],
  Int: [0, -1, 1, 2 ** 31 - 1, -(2 ** 31), 2 ** 31, 2 ** 53, 1e308, 1.5, '1'],
  Float: [0, -1, 1e308, -1e308, 5e-324],
  Boolean: [true, false, 1, 'true'],
  DateTime: [...dates, 0, -1],
};
const scalars = Object.keys(odd);
const enums = Object.values(schema.getTypeMap())
  .filter(isEnumType)
  .map(({ name }) => name);

function valuesOf(type: GraphQLInputType): readonly unknown[] {
  const values = odd[getNamedType(type).name] ?? ['x', null, 1, true];
  return isListType(isNonNullType(type) ? type.ofType : type) ? values.map((value) => [value]) : values;
}

function expectNoFailure(answers: readonly Answer[]): void {
  for (const { status, text } of answers) {
    expect([status, text]).toEqual([status === 200 ? 200 : 400, text]);
    expect(text).not.toContain('INTERNAL_SERVER_ERROR');
  }
}

test('every scalar that can be given has odd values', () => {
  const given = new Set<string>();
  const take = (type: GraphQLInputType) => {
    const named = getNamedType(type);
    if ('getFields' in named) for (const field of Object.values(named.getFields())) take(field.type);
    else if (!('getValues' in named)) given.add(named.name);
  };
  for (const { argument } of questionsOf(schema)) take(argument.type);
  for (const { type } of mutationsOf(schema)) take(type);
  expect([...given].filter((name) => !scalars.includes(name))).toEqual([]);
});

describe('a query answers whatever is given', () => {
  test.each(questionsOf(schema))('$what', async ({ type, field, argument }) => {
    const place = places[type.name];
    if (!place) throw new Error(`no way is known to a ${type.name}`);
    const ask = (values: readonly unknown[]) => {
      const { text, defined, variables } = calls(field, argument, values);
      return alice.graphql(`query(${defined}) { ${place(text, names)} }`, variables);
    };
    const answers: Answer[] = [];
    const named = getNamedType(argument.type).name;
    if (named === 'String' || named === 'ID') {
      for (const values of inParts(valuesOf(argument.type))) answers.push(await ask(values));
      for (const value of noTexts) {
        const refused = await ask([isListType(argument.type) ? [value] : value]);
        expect([refused.status, refused.errors[0]?.extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
      }
    } else for (const value of valuesOf(argument.type)) answers.push(await ask([value]));
    expectNoFailure(answers);
  });
});

describe('null stands for the default', () => {
  const fields = mutationsOf(schema).flatMap(({ name, type }) => {
    const named = getNamedType(type);
    const known = isInputObjectType(named) ? Object.values(named.getFields()) : [];
    const required = Object.fromEntries(
      known.filter(isRequiredInputField).map((field) => [field.name, sample(field.type)]),
    );
    const byDefault = known.filter(({ defaultValue }) => defaultValue !== undefined);
    return byDefault.map((field) => ({ name, type, required, field: field.name }));
  });

  test('there are fields with a default', () => {
    expect(fields.length).toBeGreaterThan(0);
  });

  test.each(fields)('$name: $field', async ({ name, type, required, field }) => {
    const made = await createScene(api.database.orm.em.fork(), api.vault, people);
    const input = (await inputs[name]?.(made)) ?? required;
    const text = `mutation(${variable('input', type)}) { ${name}(input: $input) { __typename } }`;
    const answer = await alice.graphql(text, { input: { ...(input as object), [field]: null } });
    expect([answer.status, answer.errors]).toEqual([200, []]);
  });
});

describe('a mutation answers whatever is given', () => {
  test.each(mutationsOf(schema))('$name', async ({ name, type }) => {
    const made = await createScene(api.database.orm.em.fork(), api.vault, people);
    const input = (await inputs[name]?.(made)) ?? {};
    const answers: Answer[] = [];
    const ask = (values: readonly unknown[], path: readonly string[]) => {
      const fields = values.map((_, index) => `a${String(index)}: ${name}(input: $v${String(index)}) { __typename }`);
      const defined = values.map((_, index) => variable(`v${String(index)}`, type)).join(', ');
      const given = values.map((value, index) => [`v${String(index)}`, withValue(input, path, value)] as const);
      return alice.graphql(`mutation(${defined}) { ${fields.join(' ')} }`, Object.fromEntries(given));
    };
    for (const [scalar, values] of Object.entries(odd)) {
      const size = scalar === 'String' || scalar === 'ID' ? 10 : 1;
      for (const path of leafPaths(type, [scalar]))
        for (let at = 0; at < values.length; at += size) answers.push(await ask(values.slice(at, at + size), path));
    }
    for (const path of leafPaths(type, [...scalars, ...enums])) answers.push(await ask([null], path));
    expectNoFailure(answers);
  });
});

describe('a request answers whatever its body is', () => {
  const post = (body: string, headers: Record<string, string> = {}) =>
    alice.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-escale-csrf': '1', ...headers },
      body,
    });
  test.each([
    ...[
      'null',
      '1',
      '"x"',
      'true',
      '[]',
      '{}',
      '',
      ' ',
      '{"query":1}',
      '{"query":null}',
      '{"query":{}}',
      '{"query":[]}',
    ],
    ...['{"query":""}', '{"query":"\\u0000"}', '{"query":"\\ud800"}', '{"query":"{ viewer { id } }","variables":1}'],
    ...['{"query":"{ viewer { id } }","variables":"x"}', '{"query":"{ viewer { id } }","variables":[1]}'],
    ...['{"query":"{ viewer { id } }","operationName":1}', '{"query":"{ viewer { id } }","operationName":"\\u0000"}'],
    ...['{"query":"{ viewer { id } }","operationName":{}}', '{"query":"{ viewer { id } }","extensions":1}'],
    ...['{"query":"{ viewer { id } }","extensions":{"persistedQuery":{"version":1,"sha256Hash":"x"}}}'],
    ...['{"query":"{ viewer { id } }","extensions":{"persistedQuery":1}}', '{"documentId":1}', '{"documentId":{}}'],
    ...['{"documentId":"\\u0000"}', '{"__proto__":{}}', '{"constructor":{"prototype":{}}}', '[[[[', '{"query":"{"}'],
    ...[`{"query":"${'{a'.repeat(900)}"}`, '['.repeat(50_000), '{"query":"{ viewer { id(x: 1e999999) } }"}'],
    ...['{"query":"query($v: Int) { viewer { id } }","variables":{"v":1e400}}', '{"query":"{ viewer { id } }\\u0000"}'],
  ])('%s', async (body) => {
    for (const accept of ['application/json', 'text/event-stream']) {
      const answer = await post(body, { accept });
      const text = await answer.text();
      expect([answer.status < 500, text]).toEqual([true, text]);
      expect(text).not.toContain('INTERNAL_SERVER_ERROR');
    }
  });
});
