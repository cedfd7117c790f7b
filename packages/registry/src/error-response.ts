import type { Context as KoaContext } from 'koa';
import { DomainError, type ErrorCode } from '@escale/domain/errors';
import { isRepositoryGone } from '@escale/domain/repositories';
import { BodyError } from '@escale/server-kit/body-memory';
import { connectionFailure } from '@escale/schema/orm';
import { BadPage } from './routing/paging.ts';
import { warn } from './routing/warnings.ts';
import { StagedPartsMissing, StoreUnavailable, TooManyParts } from './storage/blob-store.ts';

/** Status of each refusal. A code without an entry is a type error. */
const statusOf = {
  BLOB_UNKNOWN: 404,
  BLOB_UPLOAD_INVALID: 400,
  BLOB_UPLOAD_UNKNOWN: 404,
  DIGEST_INVALID: 400,
  MANIFEST_BLOB_UNKNOWN: 400,
  MANIFEST_INVALID: 400,
  MANIFEST_UNKNOWN: 404,
  NAME_INVALID: 400,
  NAME_UNKNOWN: 404,
  SIZE_INVALID: 400,
  UNAUTHORIZED: 401,
  DENIED: 403,
  UNSUPPORTED: 405,
  TOOMANYREQUESTS: 429,
  RANGE_INVALID: 416,
  MANIFEST_TOO_LARGE: 413,
  TAGS_TOO_MANY: 414,
  PRECONDITION_FAILED: 412,
  UNAVAILABLE: 503,
  TAG_IMMUTABLE: 403,
  INPUT_INVALID: 400,
  PAGE_INVALID: 400,
  NOT_FOUND: 404,
  NAMESPACE_TAKEN: 409,
  NAME_RESERVED: 400,
  ROBOT_EXISTS: 409,
  REPOSITORY_EXISTS: 409,
  LAST_ADMIN: 409,
  TEAM_EXISTS: 409,
  MEMBER_EXISTS: 409,
  DEFAULT_PERMISSION_EXISTS: 409,
  TOKEN_NOT_REVEALABLE: 409,
  FRESH_SIGN_IN_REQUIRED: 401,
} as const satisfies Record<ErrorCode, number>;

/** Codes of our own, in the words of the specification's list. */
const wireCode: Partial<Record<ErrorCode, string>> = {
  RANGE_INVALID: 'BLOB_UPLOAD_INVALID',
  MANIFEST_TOO_LARGE: 'MANIFEST_INVALID',
  TAGS_TOO_MANY: 'MANIFEST_INVALID',
  PRECONDITION_FAILED: 'DENIED',
  UNAVAILABLE: 'UNKNOWN',
  INPUT_INVALID: 'UNSUPPORTED',
  PAGE_INVALID: 'UNSUPPORTED',
  TAG_IMMUTABLE: 'DENIED',
};

/**
 * Statuses whose reason is also sent as a `Warning` to HEAD, where there is no body. Not those that are routine: a push asks for
 * every blob before it sends it, and a client without a token is told by 401 to get one.
 */
const toldInHeader: ReadonlySet<number> = new Set([400, 403, 405, 429, 500, 503]);

/** Writes the answer to anything thrown. @returns false for an error that nobody foresaw: the caller logs it */
export function writeError(http: KoaContext, error: unknown): boolean {
  const refusal = foreseen(error);
  http.status =
    error instanceof BadPage ? 400 : error instanceof BodyError ? error.status : refusal ? statusOf[refusal.code] : 500;
  http.type = 'application/json; charset=utf-8';
  // What a handler said of the content does not hold for the refusal.
  http.set('Cache-Control', 'no-store');
  http.remove('ETag');
  if (http.status === 503) http.set('Retry-After', '5');
  const retryAfter = refusal?.detail?.['retryAfter'];
  if (typeof retryAfter === 'number') http.set('Retry-After', String(retryAfter));
  const body = refusal
    ? { code: wireCode[refusal.code] ?? refusal.code, message: messageOf(refusal), detail: refusal.detail }
    : {
        code: 'UNKNOWN',
        message: 'the registry failed; its operator finds the reason in its log under this request id',
      };
  http.body = JSON.stringify({ errors: [body] });
  if (http.method === 'HEAD' && toldInHeader.has(http.status)) warn(http, body.message);
  return refusal !== undefined;
}

const databaseWords = {
  away: 'the database does not answer at the moment; try again shortly',
  busy: 'the database has too much to do at the moment; try again shortly',
};

/** Programs look for the words that other registries answer 401 with. The reason follows them. */
function messageOf({ code, message }: DomainError): string {
  const words = 'authentication required';
  return code === 'UNAUTHORIZED' && !message.startsWith(words) ? `${words}: ${message}` : message;
}

/** @returns undefined when it is none of ours */
function foreseen(error: unknown): DomainError | undefined {
  if (error instanceof DomainError) return error;
  if (error instanceof BadPage) return error.refusal;
  if (error instanceof BodyError) return ofBody(error);
  if (error instanceof StoreUnavailable) {
    return new DomainError(
      'UNAVAILABLE',
      'the blob store does not do its part at the moment (away, or full); try again shortly',
    );
  }
  if (error instanceof StagedPartsMissing) {
    return new DomainError('BLOB_UPLOAD_UNKNOWN', 'the bytes of this upload are gone; begin it anew');
  }
  if (error instanceof TooManyParts)
    return new DomainError('BLOB_UPLOAD_INVALID', `${error.message}; send larger ones`);
  if (isRepositoryGone(error)) {
    return new DomainError('UNAVAILABLE', 'the repository was removed at this moment; repeat the request');
  }
  const failure = connectionFailure(error);
  return failure && new DomainError('UNAVAILABLE', databaseWords[failure]);
}

/** The code of the specification's list that comes closest; the status says the rest. */
function ofBody({ status, message, retryAfter }: BodyError): DomainError {
  const code = status === 429 ? 'TOOMANYREQUESTS' : status === 413 ? 'SIZE_INVALID' : 'UNAVAILABLE';
  const detail = retryAfter === undefined ? {} : { detail: { retryAfter } };
  return new DomainError(status === 400 || status === 415 ? 'UNSUPPORTED' : code, message, detail);
}
