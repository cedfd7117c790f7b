import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { Digest, TagName } from '@escale/schema/values';
import { codeOf, TagScene } from '../testing/tag-scene.ts';
import type { PushedTestImage, TestImage } from '../testing/push-test-image.ts';
import { pushTestIndex } from '../testing/push-test-image.ts';
import { beginIfUnnamed } from './tag-lifetime.ts';

let scene: TagScene;
let statements: string[] = [];
beforeAll(async () => {
  scene = await TagScene.open(inject('databaseServerUrl'));
});
afterAll(() => scene.database.close());
beforeEach(() => scene.freshRepository());
afterEach(() => {
  scene.database.rewriteStatements(undefined);
});

/** Pushes, and notes what is said to the database. */
async function push(image: TestImage): Promise<PushedTestImage> {
  statements = [];
  scene.database.rewriteStatements((sql) => {
    // The test's own blobs are not the push's.
    if (!sql.includes('insert into blobs') && !sql.includes('insert into repository_blobs')) statements.push(sql);
    return sql;
  });
  return scene.push(image);
}

const ask = <Row extends object>(sql: string, ...values: unknown[]) =>
  scene.database.orm.em.fork().execute<Row[]>(sql, values);

/** Everything that the repository holds, without what differs from push to push. */
async function contents() {
  const { id } = scene.repository;
  const [repository] = await ask<{ pushed: boolean }>(
    `select last_pushed_at is not null as pushed from repositories where id = ?`,
    id,
  );
  return {
    repository,
    manifests: await ask(
      `select digest, media_type, artifact_type, convert_from(payload, 'UTF8') as payload, size, subject_digest, annotations, platform,
              convert_from(config, 'UTF8') as config, expires_after, tags_immutable, total_size, hold_until is null as free,
              array(select b.digest from manifest_blobs e join blobs b on b.id = e.blob_id where e.manifest_id = m.id order by 1)::text as blobs
         from manifests m where repository_id = ? order by digest`,
      id,
    ),
    tags: await ask(
      `select t.name, m.digest, pushed_by, ended_at, expires_at is null as lasting, immutable, last_pulled_at
         from tags t join manifests m on m.id = t.manifest_id where t.repository_id = ? order by 1`,
      id,
    ),
    events: await ask(
      `select name, kind, by, digest, previous_digest, expires_at is null as lasting from tag_events where repository_id = ? order by 1`,
      id,
    ),
    log: await ask(
      `select kind, namespace_id, performer_kind, performer, authenticated_by, tag, digest, client_address, user_agent, details
         from usage_log_entries where repository_id = ? order by tag`,
      id,
    ),
  };
}

const images: Readonly<Record<string, TestImage>> = {
  plain: { tags: ['1'], layers: ['a', 'b'] },
  labelled: { tags: ['1'], layers: ['a'], labels: { 'quay.expires-after': '2d' }, annotations: { note: 'x' } },
  immutable: { tags: ['1'], layers: ['a'], labels: { 'escale.immutable': 'true' } },
  'an artifact of something': { tags: ['1'], layers: ['a'], subject: `sha256:${'5'.repeat(64)}` as Digest },
};

test.each(Object.entries(images))('%s: one statement does what the transaction does', async (_, image) => {
  await push(image);
  expect(statements).toHaveLength(1);
  const byOne = await contents();
  await scene.freshRepository();
  await push({ ...image, condition: {} });
  expect(statements.length).toBeGreaterThan(3);
  expect(byOne).toEqual(await contents());
  expect(byOne.tags).toHaveLength(1);
  expect(byOne.log).toHaveLength(1);
});

test('what is more than that takes the transaction: a tag that names something, a manifest that is here, several tags or none', async () => {
  await push({ tags: ['1'], layers: ['a'] });
  const again = await push({ tags: ['1'], layers: ['b'] });
  expect(statements.length).toBeGreaterThan(1);
  await push({ tags: ['2'], layers: ['b'] });
  expect(statements.length).toBeGreaterThan(1);
  expect(await scene.digestOf('2')).toBe(again.digest);
  await push({ tags: ['3', '4'], layers: ['c'] });
  await push({ layers: ['d'] });
  const { manifests, tags, log } = await contents();
  expect([manifests.length, tags.length, log.length]).toEqual([4, 5, 6]);
  expect((await scene.history('1')).map(([kind]) => kind)).toEqual(['moved', 'pushed']);
});

test('an index that was pushed before what it lists weighs what it lists from then on', async () => {
  const child = await scene.push({ tags: ['child'], layers: ['a'] });
  const other = await scene.freshRepository();
  await pushTestIndex(scene.ctx(), other, [child], ['index']);
  const weight = async () =>
    (
      await ask<{ total_size: string }>(
        `select total_size from manifests where repository_id = ? and media_type like '%index%'`,
        other.id,
      )
    )[0];
  const before = await weight();
  await push({ tags: ['child'], layers: ['a'] });
  expect(Number((await weight())?.total_size)).toBeGreaterThan(Number(before?.total_size));
});

test('a blob that was about to be collected is wanted again', async () => {
  await scene.push({ layers: ['unwanted'] });
  await ask(`update blobs set unreferenced_since = now() - interval '1 day'`);
  const { digest } = await push({ tags: ['1'], layers: ['unwanted', 'new'] });
  expect(await scene.digestOf('1')).toBe(digest);
  const left = await ask(
    `select from blobs b join manifest_blobs e on e.blob_id = b.id join manifests m on m.id = e.manifest_id
       where m.digest = ? and b.unreferenced_since is not null`,
    digest,
  );
  expect(left).toEqual([]);
});

test('whoever is quicker with the tag is not overwritten unseen', async () => {
  const first = await scene.push({ layers: ['first'] });
  const [row] = await ask<{ id: string }>('select id from manifests where digest = ?', first.digest);
  const quicker = scene.database.orm.em.fork();
  await quicker.begin();
  const manifest = { id: row?.id ?? '', digest: first.digest, tagsImmutable: false };
  const begun = await beginIfUnnamed({ ...scene.ctx(), em: quicker }, scene.repository.id, {
    tag: 'contested' as TagName,
    manifest,
    expiresAt: null,
    as: 'pushed',
  });
  expect(begun).toBe(true);
  const late = push({ tags: ['contested'], layers: ['second'] });
  await sleep(200);
  await quicker.commit();
  const { digest } = await late;
  expect(await scene.digestOf('contested')).toBe(digest);
  expect(await scene.history('contested')).toEqual([
    ['moved', digest, first.digest],
    ['pushed', first.digest, null],
  ]);
  expect((await contents()).log).toHaveLength(2);
});

test('a blob that is being collected is waited for, and missed', async () => {
  const attempt = async (name: string) => {
    await scene.push({ layers: [name] });
    const collector = scene.database.orm.em.fork();
    await collector.begin();
    const mark = `update blobs set state = 'deleting' where id in (select id from blobs where size = ? for update)`;
    await collector.execute(mark, [name.length]);
    const pushed = codeOf(
      scene.push({ tags: ['1'], layers: [name], annotations: { another: 'manifest' }, blobsAreHere: true }),
    );
    await sleep(200);
    await collector.commit();
    return pushed;
  };
  expect(await attempt('collected meanwhile')).toBe('MANIFEST_BLOB_UNKNOWN');
  // Without the lock it would be stored without its blob.
  scene.database.rewriteStatements((sql) => sql.replaceAll('for key share of b, l', ''));
  expect(await attempt('collected meanwhile, unseen')).toBeUndefined();
});
