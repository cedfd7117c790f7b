import type { IncomingHttpHeaders } from 'node:http';
import { parseDigest, type Digest } from '@escale/schema/values';
import type { TagCondition } from '@escale/domain/content';
import { entityTags } from '../routing/entity-tags.ts';

/**
 * `If-Match` and `If-None-Match` of a manifest PUT: the entity tags are digests, as GET answers them in `ETag`.
 * A list in which nothing is a digest of ours matches nothing.
 * @returns undefined for a write without conditions
 */
export function readPreconditions(headers: IncomingHttpHeaders): TagCondition | undefined {
  const match = digestsOf(headers['if-match']);
  const noneMatch = digestsOf(headers['if-none-match']);
  return match || noneMatch ? { match, noneMatch } : undefined;
}

function digestsOf(header: string | undefined): readonly Digest[] | '*' | undefined {
  if (header === undefined) return undefined;
  const tags = entityTags(header);
  return tags.includes('*') ? '*' : tags.flatMap((tag) => parseDigest(tag) ?? []);
}
