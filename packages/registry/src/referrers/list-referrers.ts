import { isMediaType, ociIndex, parseDigest, type Digest, type RepositoryName } from '@escale/schema/values';
import { listReferrers as list } from '@escale/domain/content';
import { digestInvalid } from '@escale/domain/errors';
import type { BeforeRepository } from '../routing/exchange.ts';
import { nextPage } from '../routing/paging.ts';

/** Descriptors of one answer; signatures of one image are few, attestations may be many. */
const referrersPage = 500;

/**
 * What points at a manifest (end-12). An unknown subject has an empty list: nothing is learnt from it. So has a repository yet
 * to come: a 404 would tell its first pusher that this registry has no referrers.
 */
export async function listReferrers({
  ctx,
  request,
  repository,
  query,
  http,
}: BeforeRepository<{ kind: string; repository: RepositoryName; subject: Digest }>): Promise<void> {
  const artifactTypes = query.getAll('artifactType').filter(isMediaType);
  // An empty value counts as absent, as in every other list.
  const asked = query.get('last') ?? '';
  const last = asked === '' ? undefined : parseDigest(asked);
  if (asked !== '' && !last) throw digestInvalid('last must be a digest of the previous page', asked);
  const { referrers, more } = repository
    ? await list(ctx, repository.id, request.subject, { artifactTypes, limit: referrersPage, last })
    : { referrers: [], more: false };
  const end = referrers.at(-1);
  if (more && end) {
    const path = `/v2/${request.repository}/referrers/${request.subject}`;
    http.set('Link', nextPage(path, { last: end.digest, artifactType: artifactTypes }));
  }
  if (artifactTypes.length > 0) http.set('OCI-Filters-Applied', 'artifactType');
  http.body = JSON.stringify({
    schemaVersion: 2,
    mediaType: ociIndex,
    manifests: referrers.map(({ mediaType, digest, size, artifactType, annotations }) => ({
      mediaType,
      digest,
      size,
      ...(artifactType !== undefined && { artifactType }),
      ...(Object.keys(annotations).length > 0 && { annotations }),
    })),
  });
  http.set('Content-Type', ociIndex);
}
