import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { Digest } from '@escale/schema/values';
import { pushTestIndex, type PushedTestImage } from '../testing/push-test-image.ts';
import { codeOf, TagScene } from '../testing/tag-scene.ts';
import { deleteManifest, restoreTag } from './index.ts';

let scene: TagScene;
beforeAll(async () => {
  scene = await TagScene.open(inject('databaseServerUrl'));
});
afterAll(() => scene.database.close());
beforeEach(() => scene.freshRepository());

/** What others do is no part of the transaction that they disturb. */
const outside = AsyncLocalStorage.snapshot();

const em = () => scene.database.orm.em.fork();
const remove = (digest: Digest) => deleteManifest(scene.ctx(), scene.repository, { kind: 'digest', digest });
const restore = (tag: string, digest: Digest) => restoreTag(scene.ctx(), { repository: scene.name, tag, digest });
const pushIndex = (children: readonly PushedTestImage[], tag: string) =>
  pushTestIndex(scene.ctx(), scene.repository, children, [tag]);

/** Resolves when a statement of this database waits for a lock. */
async function somebodyWaits(): Promise<void> {
  const waiting = `select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`;
  while ((await em().execute<unknown[]>(waiting)).length === 0) await sleep(10);
}

/**
 * Begins an act while another transaction has locked a manifest's row. That one then locks the rows in which indexes list
 * `child`, as it may do after the manifest's: the act must not have them while it waits.
 * @returns what became of the act: undefined, or the code of its refusal
 */
async function besideHolderOf(held: Digest, child: Digest, act: () => Promise<unknown>): Promise<string | undefined> {
  const acting = await em().transactional(async (holder) => {
    await holder.execute('select from manifests where repository_id = ? and digest = ? for no key update', [
      ...[scene.repository.id, held],
    ]);
    const begun = outside(() => codeOf(act()));
    await outside(somebodyWaits);
    const rows = await holder.execute<unknown[]>(
      `select c.digest from manifest_children c join manifests p on p.id = c.parent_id
         where p.repository_id = ? and c.digest = ? for update of c nowait`,
      [scene.repository.id, child],
    );
    expect(rows.length).toBeGreaterThan(0);
    return { begun };
  });
  return acting.begun;
}

test('a restored child waits for its row before it is noted in the indexes that list it', async () => {
  const child = await scene.push({ tags: ['child'], layers: ['restored'] });
  await remove(child.digest);
  await pushIndex([child], 'sparse');
  expect(await besideHolderOf(child.digest, child.digest, () => restore('child', child.digest))).toBeUndefined();
  expect(await scene.digestOf('child')).toBe(child.digest);
});

test('a restored index waits for its row before its children are noted in it', async () => {
  const child = await scene.push({ tags: ['child'], layers: ['restored'] });
  await remove(child.digest);
  const index = await pushIndex([child], 'sparse');
  const top = await pushIndex([index], 'top');
  await remove(top.digest);
  await remove(index.digest);
  // Live again without its index, which its first push notes there.
  await pushIndex([index], 'top');
  expect(await besideHolderOf(index.digest, index.digest, () => restore('sparse', index.digest))).toBeUndefined();
  expect(await scene.digestOf('sparse')).toBe(index.digest);
});

test('a child that comes after the index that lists it waits for the index before it is noted there', async () => {
  const child = await scene.push({ layers: ['late'] });
  const index = await pushIndex([child], 'sparse');
  await em().execute('delete from manifests where repository_id = ? and digest = ?', [
    ...[scene.repository.id, child.digest],
  ]);
  await em().execute('update manifest_children set arrived = false where digest = ?', [child.digest]);
  const push = () => scene.push({ tags: ['late'], layers: ['late'], blobsAreHere: true });
  expect(await besideHolderOf(index.digest, child.digest, push)).toBeUndefined();
  expect(await scene.digestOf('late')).toBe(child.digest);
});
