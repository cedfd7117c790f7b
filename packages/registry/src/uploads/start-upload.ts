import {
  isDigestAlgorithm,
  parseDigest,
  algorithmOf,
  type DigestAlgorithm,
  type RepositoryName,
} from '@escale/schema/values';
import { digestInvalid } from '@escale/domain/errors';
import { openClaimedUpload, openUpload } from '@escale/domain/uploads';
import type { OnRepository } from '../routing/exchange.ts';
import { confirm } from '../auth/confirm.ts';
import { inRepository } from '../auth/in-repository.ts';
import { finishUpload } from './complete-upload.ts';
import { progress } from './progress.ts';
import { again, readSmallBody, takeWholeBlob } from './whole-blob.ts';

type Start = OnRepository<{ kind: string; repository: RepositoryName }>;

/** Begins an upload (end-4a, end-4c), or takes a whole blob at once when the digest is named (end-4b). */
export async function startUpload(exchange: Start): Promise<void> {
  const { query, ctx, services, http } = exchange;
  const named = query.get('digest');
  if (named === null) {
    const asked = query.get('digest-algorithm') ?? 'sha256';
    if (!isDigestAlgorithm(asked)) throw digestInvalid('digest-algorithm must be sha256 or sha512', asked);
    await beginUpload(exchange, asked);
    return;
  }
  const digest = parseDigest(named);
  if (!digest)
    throw digestInvalid('a digest is sha256: with 64, or sha512: with 128 lower-case hexadecimal characters', named);
  const { uploadWriters: writers, uploadLimits: limits } = services;
  const confirmed = await confirm(exchange);
  const small = await readSmallBody(confirmed);
  try {
    if (small && (await inRepository(confirmed, (there) => takeWholeBlob(there, small, digest)))) return;
    const [there, claim] = await inRepository(
      confirmed,
      async (there) =>
        [there, await openClaimedUpload(ctx, { writers, limits }, there.repository, algorithmOf(digest))] as const,
    );
    await finishUpload(there, claim, digest, small ? again(small) : http.req, { resumable: false });
  } finally {
    small?.release();
  }
}

/** 202 with the address of a new upload. */
export async function beginUpload(exchange: Start, algorithm: DigestAlgorithm): Promise<void> {
  const { ctx, request, services, http } = exchange;
  const upload = await inRepository(exchange, ({ repository }) =>
    openUpload(ctx, services.uploadLimits, repository, algorithm),
  );
  http.status = 202;
  progress(http, request.repository, upload, 0);
}
