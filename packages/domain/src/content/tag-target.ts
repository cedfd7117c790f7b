import { parseDigest, parseTagName, type Digest, type TagName } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { inputInvalid, notFound } from '../errors.ts';
import { keptByTags } from './kept-manifests.ts';
import type { TagTarget } from './move-tag.ts';
import { reviveImage } from './revive-image.ts';

/** @throws INPUT_INVALID */
export function requireTagName(text: string, field = 'tag'): TagName {
  const tag = parseTagName(text);
  if (!tag) throw inputInvalid(field, 'a tag has 1 to 128 letters, digits, _ . or -, and does not begin with . or -');
  return tag;
}

/** @throws INPUT_INVALID */
export function requireDigest(text: string, field = 'digest'): Digest {
  const digest = parseDigest(text);
  if (!digest)
    throw inputInvalid(field, 'a digest is sha256: with 64, or sha512: with 128 lower-case hexadecimal characters');
  return digest;
}

export const tagNotFound = (repository: string, tag: string) => notFound(`the tag ${tag} of ${repository}`, 'tag');

interface Row {
  id: string;
  expires_after: number | null;
  tags_immutable: boolean;
}

const columns = 'm.id, m.expires_after, m.tags_immutable';

/** A manifest that a tag may be set on, locked against its deletion. @throws NOT_FOUND */
export async function lockTarget(ctx: Context, repositoryId: string, digest: Digest): Promise<TagTarget> {
  const [row] = await ctx.em.execute<Row[]>(
    `select ${columns} from manifests m where m.repository_id = ? and m.digest = ? and m.deleted_at is null for key share`,
    [repositoryId, digest],
  );
  if (!row) throw notFound(`the manifest ${digest} of this repository`, 'digest');
  return toTarget(row, digest);
}

/**
 * A manifest that a tag named once and that can still be had; one deleted by digest comes back, with all that it is made of.
 * @throws NOT_FOUND when the tag never named it, or the time machine's window is over; PRECONDITION_FAILED when parts are lost
 */
export async function recallTarget(
  ctx: Context,
  repositoryId: string,
  tag: TagName,
  digest: Digest,
): Promise<TagTarget> {
  const find = (locked: string) =>
    ctx.em.execute<Row[]>(
      `select ${columns} from manifests m where m.repository_id = ? and m.digest = ?
         and exists (select 1 from tags t where t.manifest_id = m.id and t.name = ?)
         and (m.deleted_at is null or ${keptByTags('m')}) ${locked}`,
      [repositoryId, digest, tag],
    );
  const [seen] = await find('');
  if (seen) await reviveImage(ctx, repositoryId, { id: seen.id, digest });
  // Its parts are locked before it, as a push locks them.
  const [row] = seen ? await find('for no key update of m') : [];
  if (!row) throw notFound(`a manifest ${digest} that ${tag} named and that can still be restored`, 'digest');
  await ctx.em.execute('update manifests set deleted_at = null where id = ? and deleted_at is not null', [row.id]);
  return toTarget(row, digest);
}

function toTarget(row: Row, digest: Digest): TagTarget {
  return { id: row.id, digest, expiresAfter: row.expires_after, tagsImmutable: row.tags_immutable };
}
