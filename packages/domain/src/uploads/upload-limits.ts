import { denied, DomainError } from '../errors.ts';

/** What the unfinished uploads of one namespace may take up together (T49). */
export interface UploadLimits {
  /** Uploads that had a request within the last hour. */
  readonly sessions: number;
  /** Bytes staged and on their way. */
  readonly stagedBytes: number;
}

export const defaultUploadLimits: UploadLimits = { sessions: 100, stagedBytes: 200 * 2 ** 30 };

export const tooManyUploads = (limit: number) =>
  new DomainError(
    'TOOMANYREQUESTS',
    `this namespace has ${String(limit)} unfinished uploads, which is its limit; finish or cancel some, or come back later`,
    { detail: { limit } },
  );

export const tooMuchStaged = (limit: number) =>
  denied(
    `the unfinished uploads of this namespace would exceed ${String(limit)} bytes, which is their limit; finish or cancel some`,
    { limit },
  );
