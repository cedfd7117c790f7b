import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Manifest, ManifestChild, UsageLogEntry, type Repository } from '@escale/schema/entities';
import { buildRepository, buildUser, openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import type { Digest, TagName } from '@escale/schema/values';
import { contextFor } from '../testing/domain-test.ts';
import { PullLog } from './pull-log.ts';

let database: TestDatabase;
let repository: Repository;
let pulled: { id: string; name: string; namespaceId: string };
const digest = (letter: string) => `sha256:${letter.repeat(64)}` as Digest;

beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  const em = database.orm.em.fork();
  repository = await buildRepository(em);
  pulled = { id: repository.id, name: repository.name, namespaceId: repository.namespace.id };
  const index = em.create(Manifest, {
    repository,
    digest: digest('a'),
    mediaType: 'application/vnd.oci.image.index.v1+json',
    payload: Buffer.from('{}'),
    size: 2,
    annotations: {},
  });
  em.create(ManifestChild, { parent: index, position: 0, digest: digest('b') });
  await em.flush();
});
afterAll(() => database.close());

test('a pull is an entry, by whom, with what, from where; a child of an index pulled by digest is none', async () => {
  const log = new PullLog(database.orm, (error) => expect.fail(String(error)));
  const user = await buildUser(database.orm.em.fork());
  const ctx = { ...contextFor(database.orm.em, user), client: { address: '192.0.2.1', userAgent: 'docker' } };
  log.note(ctx, pulled, { reference: { kind: 'tag', tag: 'latest' as TagName }, digest: digest('a') });
  log.note(ctx, pulled, { reference: { kind: 'digest', digest: digest('b') }, digest: digest('b') });
  log.note(ctx, pulled, { reference: { kind: 'digest', digest: digest('c') }, digest: digest('c') });
  log.note(contextFor(database.orm.em), pulled, {
    reference: { kind: 'tag', tag: 'child' as TagName },
    digest: digest('b'),
  });
  await log.close();
  const entries = await database.orm.em.fork().find(UsageLogEntry, {}, { orderBy: { id: 'asc' } });
  expect(entries.map(({ tag, digest: of, performer }) => [tag, of, performer])).toEqual([
    ['latest', digest('a'), user.username],
    [null, digest('c'), user.username],
    ['child', digest('b'), null],
  ]);
  expect(entries[0]).toMatchObject({
    kind: 'repository.pulled',
    at: ctx.now,
    namespace: repository.name.split('/')[0],
    namespaceId: repository.namespace.id,
    repository: repository.name,
    performerKind: 'user',
    authenticatedBy: 'session',
    clientAddress: '192.0.2.1',
    userAgent: 'docker',
  });
});

test('more pulls than go into one statement are all written, also when the first try fails', async () => {
  const errors: unknown[] = [];
  const log = new PullLog(database.orm, (error) => errors.push(error));
  const ctx = contextFor(database.orm.em);
  const execute = (sql: string) => database.orm.em.getConnection().execute(sql);
  const before = await database.orm.em.fork().count(UsageLogEntry);
  await execute('alter table usage_log_entries rename to away');
  for (let index = 0; index < 4500; index += 1) {
    log.note(ctx, pulled, { reference: { kind: 'tag', tag: 'latest' as TagName }, digest: digest('a') });
  }
  await log.flush();
  expect(errors).toHaveLength(1);
  await execute('alter table away rename to usage_log_entries');
  await log.close();
  expect(await database.orm.em.fork().count(UsageLogEntry)).toBe(before + 4500);
});
