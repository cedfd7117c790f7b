import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isInterfaceType, isObjectType, parse, separateOperations, validate, type GraphQLSchema } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { buildSchema } from './build-schema.ts';
import { documentLimits, fieldCosts } from './limits.ts';

let schema: GraphQLSchema;
let api: TestApi;
beforeAll(async () => {
  schema = await buildSchema();
  api = await startTestApi();
});
afterAll(() => api.close());

/** Codes with which a document is refused; none when it may run. */
const refused = (document: string) =>
  validate(schema, parse(document), [documentLimits]).map(({ extensions }) => extensions['closerCode'] ?? 'other');

const times = (count: number, field: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => field(index)).join(' ');

describe('the cost of a document', () => {
  test.each([
    ['a search', 1, 'search(text: "a") { __typename }'],
    ['the repositories of one’s own', 5, 'repositories(first: 30) { nodes { name storedBytes } }'],
    ['a search in repositories', 3, 'repositories(search: "a", first: 30) { totalCount nodes { name } }'],
    ['a year of a log by day', 2, 'usageLogCounts { day count }'],
    ['many lookups', 15, 'repository(name: "a/b") { name tag(name: "1") { digest } }'],
  ])('lets %s pass', (_what, count, field) => {
    expect(refused(`{ ${times(count, (index) => `f${String(index)}: ${field}`)} }`)).toEqual([]);
  });

  test.each([
    ['fifteen searches', times(15, (index) => `s${String(index)}: search(text: "a") { __typename }`)],
    ['five searches', times(5, (index) => `s${String(index)}: search(text: "a") { __typename }`)],
    [
      'six searches in repositories',
      times(6, (index) => `r${String(index)}: repositories(search: "a") { totalCount }`),
    ],
    ['a search text in a variable', times(6, (index) => `r${String(index)}: repositories(search: $a) { totalCount }`)],
    [
      'six lists of public ones',
      times(12, (index) => `r${String(index)}: repositories(visibility: PUBLIC) { totalCount }`),
    ],
    [
      'counts of logs for each of many organizations',
      'organizations(first: 20) { nodes { usageLogCounts { count } } }',
    ],
    [
      'the contents of a hundred images',
      'repository(name: "a/b") { tags(first: 100) { nodes { manifest { layers { digest } config { os } } } } }',
    ],
    [
      'what each of a thousand tags frees',
      'repository(name: "a/b") { tags(first: 100) { nodes { freedBytes manifest { tags { freedBytes } } } } }',
    ],
    [
      'lists of names',
      times(15, (index) => `t${String(index)}: repository(name: "a/b") { tagNames storedBytes freedBytes }`),
    ],
  ])('refuses %s', (_what, fields) => {
    expect(refused(`query ($a: String) { ${fields} }`)).toEqual(['COST_EXCEEDED']);
  });

  test('adds up what fragments hide, on the type and on its interface', () => {
    const spread = times(8, (index) => `o${String(index)}: organization(name: "a") { ...Parts }`);
    expect(
      refused(`{ ${spread} } fragment Parts on Namespace { usageLogCounts { count } usageLog { totalCount } }`),
    ).toEqual(['COST_EXCEEDED']);
    expect(
      refused(
        `{ ${times(5, (index) => `q${String(index)}: viewer { id } ...Four`)} } fragment Four on Query { ${times(4, (index) => `s${String(index)}: search(text: "a") { __typename }`)} }`,
      ),
    ).toEqual(['COST_EXCEEDED']);
  });

  test('is known before anything runs', async () => {
    const document = `{ ${times(15, (index) => `s${String(index)}: search(text: "a") { __typename }`)} }`;
    let answer: Awaited<ReturnType<ReturnType<TestApi['caller']>['graphql']>> | undefined;
    const statements = await api.database.statementsDuring(async () => {
      answer = await api.caller().graphql(document);
    });
    expect([answer?.status, answer?.errors[0]?.extensions.code, statements.length]).toEqual([400, 'COST_EXCEEDED', 0]);
  });

  test('names fields of the schema, where they are declared', () => {
    for (const key of Object.keys(fieldCosts)) {
      const [typeName = '', field = ''] = key.split('.');
      const type = schema.getType(typeName);
      if (!isObjectType(type) && !isInterfaceType(type)) throw new Error(`${key}: no such type`);
      expect(type.getFields(), key).toHaveProperty(field);
      const interfaces = type.getInterfaces().filter((one) => field in one.getFields());
      expect(
        interfaces.map(({ name }) => `${name}.${field}`),
        `${key} is declared there`,
      ).toEqual([]);
    }
  });

  test('is stated for every field that compares texts or counts entries', () => {
    const comparing = Object.values(schema.getTypeMap()).flatMap((type) =>
      (isObjectType(type) && type.getInterfaces().length === 0) || isInterfaceType(type)
        ? Object.values(type.getFields())
            .filter(({ args }) => args.some(({ name }) => ['search', 'text', 'performer'].includes(name)))
            .map(({ name }) => `${type.name}.${name}`)
        : [],
    );
    expect(comparing).toContain('Query.search');
    expect(comparing.filter((key) => !Object.hasOwn(fieldCosts, key))).toEqual([]);
  });
});

test('every document of the console may run', () => {
  const sources = path.resolve(import.meta.dirname, '../../../web/src');
  const files = globSync('**/*.graphql', { cwd: sources });
  const operations = separateOperations(
    parse(files.map((file) => readFileSync(path.join(sources, file), 'utf8')).join('\n')),
  );
  expect(Object.keys(operations).length).toBeGreaterThan(50);
  for (const [name, document] of Object.entries(operations))
    expect(
      validate(schema, document, [documentLimits]).map(({ message }) => message),
      name,
    ).toEqual([]);
});
