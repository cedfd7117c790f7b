import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { runPrepared } from '@escale/schema/orm';
import {
  buildOrganization,
  buildPermission,
  buildRepository,
  buildUser,
  openTestDatabase,
  type TestDatabase,
} from '@escale/schema/testing';
import type { Digest, Reference, RepositoryName, TagName } from '@escale/schema/values';
import type { CredentialReference } from '../credentials/holder.ts';
import { contextFor } from '../testing/domain-test.ts';
import { pushTestImage } from '../testing/push-test-image.ts';
import { HotReads } from './hot-reads.ts';
import { hotStatement, type HotContent, type HotRow } from './hot-statements.ts';

/** What a private repository holds changes nothing about a refused read: neither its rows, nor its statements, nor its work. */
let database: TestDatabase;
const app = 'acme/app' as RepositoryName;
const open = 'acme/open' as RepositoryName;
const callers: Record<string, CredentialReference> = { anonymous: { kind: 'anonymous' } };
const digests: Record<'small' | 'large', Digest> = {} as never;
let layer: Digest;

beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  const em = database.orm.em.fork();
  const [alice, reader, outsider, disabled, suspended, boss] = [
    await buildUser(em, { name: 'alice' }),
    await buildUser(em, { name: 'reader' }),
    await buildUser(em, { name: 'outsider' }),
    await buildUser(em, { name: 'disabled' }),
    await buildUser(em, { name: 'suspended' }),
    await buildUser(em, { name: 'boss' }),
  ];
  const acme = await buildOrganization(em, { name: 'acme', owner: alice });
  const hidden = await buildRepository(em, { namespace: acme.namespace, path: 'app' });
  const shown = await buildRepository(em, { namespace: acme.namespace, path: 'open', visibility: 'public' });
  for (const user of [reader, disabled, suspended]) await buildPermission(em, hidden, user, 'read');
  disabled.disabledAt = new Date();
  suspended.suspendedAt = new Date();
  suspended.isAdministrator = true;
  boss.isAdministrator = true;
  await em.flush();
  Object.assign(callers, {
    reader: { kind: 'session', id: reader.id },
    outsider: { kind: 'session', id: outsider.id },
    disabled: { kind: 'session', id: disabled.id },
    suspended: { kind: 'session', id: suspended.id },
    boss: { kind: 'session', id: boss.id },
    'administrator through an API token': { kind: 'api-token', id: boss.id },
    'a revoked token': { kind: 'application-token', id: alice.id },
  });
  for (const repository of [hidden, shown]) {
    const asAlice = contextFor(em, alice);
    digests.small = (await pushTestImage(asAlice, repository, { tags: ['small'], layers: ['layer'] })).digest;
    const annotations = { text: 'x'.repeat(100_000) };
    digests.large = (await pushTestImage(asAlice, repository, { tags: ['large'], annotations })).digest;
  }
  const rows = await em.execute<{ digest: Digest }[]>('select digest from blobs order by size desc limit 1');
  layer = rows[0]?.digest ?? digests.small;
});
afterAll(() => database.close());

const refused = [
  'anonymous',
  'outsider',
  'disabled',
  'suspended',
  'administrator through an API token',
  'a revoked token',
];
const byTag = (tag: string): Reference => ({ kind: 'tag', tag: tag as TagName });
const byDigest = (digest: Digest): Reference => ({ kind: 'digest', digest });

/** Values of one question for the prepared statement. */
function valuesOf(by: CredentialReference, repository: RepositoryName, content: HotContent, reference: Reference) {
  const tag = reference.kind === 'tag' ? reference.tag : null;
  const digest = reference.kind === 'digest' ? reference.digest : null;
  return [[by.id ?? null], [repository], [tag], [digest], [content === 'manifest']];
}

const questions: [HotContent, () => Reference][] = [
  ['manifest', () => byTag('small')],
  ['manifest', () => byTag('large')],
  ['manifest', () => byDigest(digests.small)],
  ['manifest', () => byDigest(digests.large)],
  ['blob', () => byDigest(layer)],
];

async function rowOf(who: string, repository: RepositoryName, content: HotContent, reference: Reference) {
  const by = callers[who] ?? { kind: 'anonymous' };
  const values = valuesOf(by, repository, content, reference);
  const [row] = await runPrepared<HotRow>(database.orm, hotStatement(content, by.kind), values);
  return row;
}

test.each(refused)('the database sends nothing of a private repository to a refused caller: %s', async (who) => {
  for (const [content, reference] of questions) {
    const row = await rowOf(who, app, content, reference());
    expect(row).toMatchObject({ content_id: null, digest: null, size: null });
    if (content === 'manifest') expect(row?.payload).toBeNull();
  }
});

test.each(['reader', 'boss'])('and all of it to a caller with the right: %s', async (who) => {
  for (const [content, reference] of questions) {
    expect(await rowOf(who, app, content, reference())).toMatchObject({ content_id: expect.any(String) as string });
  }
  expect((await rowOf(who, app, 'manifest', byTag('small')))?.payload).toContain('schemaVersion');
});

test.each(Object.keys(callers))('a public one is shown to %s', async (who) => {
  const row = await rowOf(who, open, 'manifest', byTag('small'));
  expect(row?.payload).toContain('schemaVersion');
});

interface PlanNode {
  readonly 'Relation Name'?: string;
  readonly 'Actual Loops': number;
  readonly Plans?: readonly PlanNode[];
}
const nodesOf = (node: PlanNode): PlanNode[] => [node, ...(node.Plans ?? []).flatMap(nodesOf)];

/** Tables that the statement looked into for one question. */
async function tablesRead(who: string, content: HotContent, reference: Reference): Promise<string[]> {
  const by = callers[who] ?? { kind: 'anonymous' };
  const { text } = hotStatement(content, by.kind);
  const rows = await runPrepared<{ 'QUERY PLAN': { Plan: PlanNode }[] }>(
    database.orm,
    { name: '', text: `explain (analyze, format json) ${text}` },
    valuesOf(by, app, content, reference),
  );
  const plan = rows[0]?.['QUERY PLAN'][0]?.Plan;
  if (!plan) throw new Error('no plan');
  return nodesOf(plan).flatMap((node) =>
    node['Actual Loops'] > 0 && node['Relation Name'] !== undefined ? [node['Relation Name']] : [],
  );
}

test('a refused read does not even look into the tables of contents', async () => {
  const contents = ['manifests', 'tags', 'blobs', 'repository_blobs'];
  for (const [content, reference] of questions) {
    for (const who of refused) {
      expect(
        (await tablesRead(who, content, reference())).filter((table) => contents.includes(table)),
        who,
      ).toEqual([]);
    }
    expect(await tablesRead('reader', content, reference())).toContain(content === 'blob' ? 'blobs' : 'manifests');
  }
});

test('bytes of a large manifest are read by a statement of their own, when they are asked for after the decision', async () => {
  const reads = new HotReads(database.orm);
  const statementsOf = async (who: string, repository: RepositoryName) => {
    const by = callers[who] ?? { kind: 'anonymous' };
    const statements = await database.statementsDuring(() => reads.manifest(by, repository, byTag('large'), true));
    return statements.map(({ name }) => name);
  };
  expect(await statementsOf('outsider', app)).toEqual(['manifest by session']);
  expect(await statementsOf('anonymous', app)).toEqual(['manifest by anonymous']);
  expect(await statementsOf('reader', app)).toEqual(['manifest by session']);
  const { content } = await reads.manifest(callers['reader'] ?? { kind: 'anonymous' }, app, byTag('large'), true);
  expect(content?.payload).toBeUndefined();
  expect(content && (await reads.payload(content))).toContain('x'.repeat(100_000));
});
