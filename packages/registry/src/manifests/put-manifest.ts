import { createHash } from 'node:crypto';
import {
  algorithmOf,
  digestOf,
  ManifestRefused,
  manifestSizeLimit,
  parseManifest,
  parseTagName,
  type Digest,
  type ParsedManifest,
  type Reference,
  type RepositoryName,
  type TagName,
} from '@escale/schema/values';
import { pushManifest } from '@escale/domain/content';
import { digestInvalid, DomainError, manifestInvalid } from '@escale/domain/errors';
import { BodyError } from '@escale/server-kit/body-memory';
import { freeMemory } from '@escale/server-kit/growing-buffer';
import { readBody, type WholeBody } from '@escale/server-kit/read-body';
import { inRepository } from '../auth/in-repository.ts';
import { sourcesOf } from '../auth/sources.ts';
import type { OnRepository } from '../routing/exchange.ts';
import { withManifestMemory } from './manifest-memory.ts';
import { readPreconditions } from './preconditions.ts';
import { readConfig } from './read-config.ts';
import { warnOfLabels } from './warn-of-labels.ts';

type PutManifest = OnRepository<{ kind: string; repository: RepositoryName; reference: Reference }>;

/** Tags that one push by digest may set; the specification asks for at least ten (end-7b). */
const tagLimit = 100;

/**
 * Stores a manifest under a tag or its digest (end-7), with any number of tags up to the limit at once (end-7b). With `If-Match` or
 * `If-None-Match` only when the tags, or without tags the manifest, are as the client expects: 412 otherwise.
 */
export async function putManifest(exchange: PutManifest): Promise<void> {
  const { request, query } = exchange;
  const tags = tagsOf(request.reference, query);
  const body = await readManifest(exchange);
  try {
    await withManifestMemory(body.content, () => storeManifest(exchange, body.content, tags));
  } finally {
    body.release();
    freeMemory(body.content);
  }
}

/** @throws MANIFEST_TOO_LARGE, MANIFEST_INVALID, BodyError, or the error by which the client went away */
async function readManifest({ ctx, http, services }: PutManifest): Promise<WholeBody> {
  const encoding = http.get('Content-Encoding');
  if (encoding !== '' && encoding !== 'identity')
    throw manifestInvalid('a manifest is sent as it is, without a Content-Encoding');
  const { bodyMemory: memory } = services;
  try {
    return await readBody(http.req, { memory, sources: sourcesOf(ctx), limit: manifestSizeLimit });
  } catch (error) {
    if (error instanceof BodyError && error.status === 413)
      throw new DomainError('MANIFEST_TOO_LARGE', `a manifest has at most ${String(manifestSizeLimit)} bytes`);
    throw error;
  }
}

async function storeManifest(exchange: PutManifest, payload: Buffer, tags: readonly TagName[]): Promise<void> {
  const { ctx, request, services, http } = exchange;
  const { reference } = request;
  const digest = digestOfPayload(payload, reference);
  const parsed = parse(payload, http.get('Content-Type'));
  const config = await readConfig(services, ctx, exchange.repository.id, parsed);
  const condition = readPreconditions(http.headers);
  await inRepository(exchange, ({ repository }) =>
    pushManifest(ctx, repository, { digest, payload, parsed, tags, config, condition }),
  );
  services.counters?.manifestPushed();
  http.status = 201;
  http.set('Location', `/v2/${request.repository}/manifests/${digest}`);
  http.set('Docker-Content-Digest', digest);
  if (parsed.subject) http.set('OCI-Subject', parsed.subject.digest);
  if (reference.kind === 'digest') for (const tag of tags) http.append('OCI-Tag', tag);
  warnOfLabels(http, parsed, config);
  http.body = '';
  http.status = 201;
}

function tagsOf(reference: Reference, query: URLSearchParams): TagName[] {
  if (reference.kind === 'tag') return [reference.tag];
  const asked = query.getAll('tag');
  if (asked.length > tagLimit) throw new DomainError('TAGS_TOO_MANY', `at most ${String(tagLimit)} tags in one push`);
  const tags = asked.map((text) => {
    const tag = parseTagName(text);
    if (!tag) throw manifestInvalid('a tag has 1 to 128 letters, digits, _ . or -, and does not begin with . or -');
    return tag;
  });
  return [...new Set(tags)];
}

function digestOfPayload(payload: Buffer, reference: Reference): Digest {
  const algorithm = reference.kind === 'digest' ? algorithmOf(reference.digest) : 'sha256';
  const digest = digestOf(algorithm, createHash(algorithm).update(payload).digest('hex'));
  if (reference.kind === 'digest' && reference.digest !== digest) {
    throw digestInvalid(`the manifest is not that of the digest; it is ${digest}`, reference.digest);
  }
  return digest;
}

function parse(payload: Buffer, contentType: string): ParsedManifest {
  try {
    return parseManifest(payload, contentType || undefined);
  } catch (error) {
    if (error instanceof ManifestRefused) throw manifestInvalid(error.message);
    throw error;
  }
}
