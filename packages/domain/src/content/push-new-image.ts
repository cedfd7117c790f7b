import { v7 } from 'uuid';
import { DriverException } from '@mikro-orm/core';
import { executePrepared } from '@escale/schema/orm';
import { rightsHeld, whileRightsHold } from '../access/believed-rights.ts';
import type { Context } from '../context.ts';
import { pushNoted, pushValues, type Push } from '../usage-logs/write-usage.ts';
import { blobsKeptFromCollection, listedBlobs } from './listed-blobs.ts';
import { describeManifest } from './manifest-facts.ts';
import { insertManifestFrom, manifestValues } from './manifest-row.ts';
import type { PushedManifest } from './push-manifest.ts';
import { beginning, beginningValues, labelledExpiry, lockedTag, lockName, unlessNamed } from './tag-lifetime.ts';

/** PostgreSQL's `division_by_zero`, and `deadlock_detected`: the statement has done nothing, and the transaction may. */
const nothingDone: readonly (string | undefined)[] = ['22012', '40P01'];

const { begun, history } = beginning('from locked', unlessNamed);
const { pushed, logged } = pushNoted('begun');

/**
 * The locks of `pushManifest`, in its order: blobs and links, the manifest's row, the tag, the repository. Whoever was quicker
 * with the tag since the statement began makes it fail as a whole, by its last line.
 */
const statement = `
  with ${rightsHeld},
  here as (${blobsKeptFromCollection}),
  complete as (
    select from here
      having (select held from rights) and array_agg(digest) = ?::text[] and array_agg(size) = ?::bigint[] and not bool_or(unreferenced)
         and (select count(*) from tags where repository_id = ? and name = ? and ended_at is null) = 0
         and (select count(*) from manifest_children where digest = ?) = 0),
  made as (${insertManifestFrom('from complete')}),
  edges as (insert into manifest_blobs (manifest_id, blob_id) select made.id, here.id from made, here),
  locked as (${lockedTag('from made')}),
  begun as (${begun}),
  history as (${history}),
  pushed as (${pushed}),
  logged as (${logged})
  select held, (select 1 / (select count(*) from begun) from made) is not null as made from rights`;

/**
 * What most pushes of a pipeline are, in one statement in place of a transaction of six: a manifest that the repository does not
 * have, which lists nothing but blobs that are here and wanted, under one tag that names nothing.
 * @returns false when anything is otherwise: then nothing has happened
 */
export async function pushNewImage(ctx: Context, manifest: PushedManifest, push: Push): Promise<boolean> {
  const { digest, payload, parsed, config, condition } = manifest;
  const [tag, ...more] = manifest.tags;
  const { sizes } = listedBlobs(parsed);
  if (tag === undefined || more.length > 0 || condition || parsed.manifests.length > 0 || sizes.size === 0)
    return false;
  const { repositoryId } = push;
  const facts = await describeManifest(ctx, repositoryId, parsed, config);
  const fresh = { id: v7(), digest, payload, parsed, facts, totalSize: sumOf(sizes.values(), payload.length) };
  const lifetime = {
    tag,
    manifest: { id: fresh.id, digest, tagsImmutable: facts.tagsImmutable },
    expiresAt: labelledExpiry(ctx, facts),
    as: 'pushed' as const,
  };
  // In the order of the locks: their digests and sizes are compared as they come.
  const digests = [...sizes.keys()].sort();
  await ctx.faults?.('manifest.storing');
  const values = [
    ...[repositoryId, digests],
    ...[digests, digests.map((one) => sizes.get(one)), repositoryId, tag, digest],
    ...manifestValues(repositoryId, fresh),
    lockName(repositoryId, tag),
    ...beginningValues(ctx, repositoryId, lifetime),
    ...pushValues(push),
  ];
  const row = await whileRightsHold(ctx, repositoryId, (state) =>
    executePrepared<{ held: boolean; made: boolean }>(ctx.em, statement, [state, ...values]).catch((error: unknown) => {
      if (error instanceof DriverException && nothingDone.includes(error.code)) return [{ held: true, made: false }];
      throw error;
    }),
  );
  if (!row?.made) return false;
  await ctx.faults?.('manifest.stored');
  return true;
}

function sumOf(numbers: Iterable<number>, start: number): number {
  let sum = start;
  for (const number of numbers) sum += number;
  return sum;
}
