/**
 * Everything that can be refused, in one vocabulary. The OCI distribution specification's code wherever it has one;
 * management adds its own in the same style.
 */
export type ErrorCode =
  // distribution-spec, Error Codes
  | 'BLOB_UNKNOWN'
  | 'BLOB_UPLOAD_INVALID'
  | 'BLOB_UPLOAD_UNKNOWN'
  | 'DIGEST_INVALID'
  | 'MANIFEST_BLOB_UNKNOWN'
  | 'MANIFEST_INVALID'
  | 'MANIFEST_UNKNOWN'
  | 'NAME_INVALID'
  | 'NAME_UNKNOWN'
  | 'SIZE_INVALID'
  | 'UNAUTHORIZED'
  | 'DENIED'
  | 'UNSUPPORTED'
  | 'TOOMANYREQUESTS'
  // the registry's own, where the specification fixes a status without a code
  | 'RANGE_INVALID'
  | 'MANIFEST_TOO_LARGE'
  | 'TAGS_TOO_MANY'
  | 'PRECONDITION_FAILED'
  | 'UNAVAILABLE'
  | 'TAG_IMMUTABLE'
  // management
  | 'INPUT_INVALID'
  | 'PAGE_INVALID'
  | 'NOT_FOUND'
  | 'NAMESPACE_TAKEN'
  | 'NAME_RESERVED'
  | 'ROBOT_EXISTS'
  | 'REPOSITORY_EXISTS'
  | 'LAST_ADMIN'
  | 'TEAM_EXISTS'
  | 'MEMBER_EXISTS'
  | 'DEFAULT_PERMISSION_EXISTS'
  | 'TOKEN_NOT_REVEALABLE'
  | 'FRESH_SIGN_IN_REQUIRED';

/** A refusal that a client is told of: the message is for a person, the detail for a program. */
export class DomainError extends Error {
  override readonly name = 'DomainError';
  readonly code: ErrorCode;
  readonly detail: Readonly<Record<string, unknown>> | undefined;
  /** The input at fault, where one is: management answers it as `extensions.field`. */
  readonly field: string | undefined;

  constructor(code: ErrorCode, message: string, more: { detail?: Record<string, unknown>; field?: string } = {}) {
    super(message);
    this.code = code;
    this.detail = more.detail;
    this.field = more.field;
  }
}

export const nameInvalid = (name: string, rule: string, field?: string) =>
  new DomainError('NAME_INVALID', `"${shown(name)}" is not a valid name: ${rule}`, field ? { field } : {});

export const nameUnknown = (name: string) =>
  new DomainError('NAME_UNKNOWN', `repository ${shown(name)} does not exist, or you may not see it`, {
    detail: { name: shown(name) },
  });

export const blobUnknown = (digest: string) =>
  new DomainError('BLOB_UNKNOWN', 'this repository has no such blob', { detail: { digest } });

export const blobQuarantined = (digest: string) =>
  new DomainError('UNAVAILABLE', 'the store has lost or damaged the bytes of this blob; pushing it again heals it', {
    detail: { digest },
  });

export const manifestUnknown = (reference: string) =>
  new DomainError('MANIFEST_UNKNOWN', 'this repository has no such manifest', {
    detail: { reference: shown(reference) },
  });

/** A tag that was there once: for a person, the same code as one that never was. */
export const tagEnded = (tag: string, end: { how: string; at: Date; restorableUntil: Date | undefined }) =>
  new DomainError(
    'MANIFEST_UNKNOWN',
    `the tag ${tag} ${end.how} at ${end.at.toISOString()}` +
      (end.restorableUntil ? `; it can be restored until ${end.restorableUntil.toISOString()}` : ''),
    { detail: { reference: tag } },
  );

export const manifestInvalid = (why: string) => new DomainError('MANIFEST_INVALID', why);

export const manifestBlobUnknown = (digests: readonly string[]) =>
  new DomainError(
    'MANIFEST_BLOB_UNKNOWN',
    'the manifest lists blobs that this repository does not have; push them first',
    {
      detail: { digests: digests.slice(0, 20) },
    },
  );

export const digestInvalid = (why: string, digest?: string) =>
  new DomainError('DIGEST_INVALID', why, digest === undefined ? {} : { detail: { digest: shown(digest) } });

export const sizeInvalid = (why: string) => new DomainError('SIZE_INVALID', why);

export const uploadUnknown = () =>
  new DomainError(
    'BLOB_UPLOAD_UNKNOWN',
    'there is no such upload: it was finished, cancelled or expired, or is not yours',
  );

export const uploadInvalid = (why: string) => new DomainError('BLOB_UPLOAD_INVALID', why);

/** @param offset bytes held: where the client may go on */
export const rangeInvalid = (offset: number) =>
  new DomainError('RANGE_INVALID', `the upload holds ${String(offset)} bytes; send on from there`, {
    detail: { offset },
  });

/** Who calls is unknown, or what proves it does not hold: the registry answers with a challenge. */
export const unauthorized = (message: string, detail?: Record<string, unknown>) =>
  new DomainError('UNAUTHORIZED', message, detail ? { detail } : {});

/**
 * The identity provider no longer lets a person sign in, so nothing of that person works until the next sign-in. The doors add the
 * address of this registry, see `withAddress`.
 */
export const userSuspended = (name: string, credential: string) =>
  new DomainError(
    'UNAUTHORIZED',
    `the identity provider no longer lets ${name} sign in: sign in ${here} to use this ${credential.replaceAll('-', ' ')} again`,
    { detail: { user: name, signIn: true } },
  );

const here = 'to the console of this registry';

/** Puts the address at which a person signs in into a refusal that asks for it. Other errors stay as they are. */
export function withAddress(error: unknown, externalUrl: string): unknown {
  if (!(error instanceof DomainError) || error.detail?.['signIn'] !== true) return error;
  return new DomainError(error.code, error.message.replace(here, `at ${externalUrl}`), {
    detail: { ...error.detail, signIn: externalUrl },
  });
}

/**
 * A caller without credentials asked for something that needs them. There is more in it than the two words that programs look for:
 * the docker engine takes a bare "authentication required" for a passing fault, and repeats a push for a minute.
 */
export const authenticationRequired = () =>
  unauthorized(
    'authentication required: sign in with an application token or as a robot, for instance with docker login',
  );

/**
 * One more failed sign-in than a source may have. The reason of this one stays in the message, because it is what helps.
 * @param retryAfter seconds
 * @param refusal of these credentials
 */
export const tooManyFailures = (retryAfter: number, { message, detail }: DomainError) =>
  new DomainError(
    'TOOMANYREQUESTS',
    `${message} (too many failed sign-ins came from this network; wait ${String(Math.ceil(retryAfter / 60))} minutes, ` +
      'or use a valid token, which is accepted at any time)',
    { detail: { ...detail, retryAfter } },
  );

/** @param whose which caller has too many: `from this address` */
export const tooManyQueries = (whose: string, retryAfter: number) =>
  new DomainError(
    'TOOMANYREQUESTS',
    `too many requests ${whose} run at once; wait for their answers, or try again in ${String(retryAfter)} seconds`,
    { detail: { retryAfter } },
  );

export const denied = (message: string, detail?: Record<string, unknown>) =>
  new DomainError('DENIED', message, detail ? { detail } : {});

/** A change of a tag would undo what somebody has promised to keep. */
export const tagImmutable = (tag: string, digest: string) =>
  new DomainError(
    'TAG_IMMUTABLE',
    `the tag ${tag} is immutable: it names ${digest}, and cannot be moved, deleted or expire`,
    {
      detail: { tag, digest },
    },
  );

/** @param tags some of those that are immutable */
export const holdsImmutableTags = (repository: string, tags: readonly string[]) =>
  new DomainError(
    'TAG_IMMUTABLE',
    `${repository} has immutable tags (${some(tags)}); an admin can make them mutable first`,
  );

/** @param repositories some of those that hold them */
export const holdsImmutableTagsIn = (organization: string, repositories: readonly string[]) =>
  new DomainError(
    'TAG_IMMUTABLE',
    `${organization} has repositories with immutable tags (${some(repositories)}); an admin can make those mutable first`,
    { detail: { repositories: repositories.slice(0, namedAtMost) } },
  );

/** @param current what the tag names now; undefined when it does not exist */
export const tagChanged = (tag: string, current: string | undefined) =>
  new DomainError(
    'PRECONDITION_FAILED',
    current === undefined ? `the tag ${tag} does not exist` : `the tag ${tag} names ${current} at the moment`,
    { detail: { tag, digest: current ?? null } },
  );

export const unsupported = (message: string) => new DomainError('UNSUPPORTED', message);

/**
 * A blob or a manifest that other content of the repository is made of: deleting it would break that.
 * @param need.manifests digests of some of the manifests that list it
 * @param need.tags some of the tags that lead to those
 */
export const contentInUse = (
  what: 'blob' | 'manifest',
  digest: string,
  need: { readonly manifests: readonly string[]; readonly tags: readonly string[] },
) =>
  new DomainError(
    'UNSUPPORTED',
    `the ${what} ${digest} cannot be deleted: the repository needs it for ${some(need.manifests)}` +
      (need.tags.length > 0 ? ` (tagged ${some(need.tags)})` : '') +
      '; delete that by its digest first',
    { detail: { digest, neededBy: need.manifests.slice(0, namedAtMost), tags: need.tags.slice(0, namedAtMost) } },
  );

/** @param missing digests of blobs and manifests that the image is made of */
export const notRestorable = (digest: string, missing: readonly string[]) =>
  new DomainError(
    'PRECONDITION_FAILED',
    `${digest} cannot be restored: the repository has lost ${some(missing)}, which it is made of; push that again first`,
    { field: 'digest', detail: { missing: missing.slice(0, namedAtMost) } },
  );

export const inputInvalid = (field: string, why: string) => new DomainError('INPUT_INVALID', why, { field });

/** `first` or `after` of a list is not what a page can be asked for by. */
export const pageInvalid = (field: 'first' | 'after', why: string) => new DomainError('PAGE_INVALID', why, { field });

export const notFound = (what: string, field?: string) =>
  new DomainError('NOT_FOUND', `${what} does not exist, or you may not see it`, field ? { field } : {});

export const namespaceTaken = (name: string, field: string) =>
  new DomainError('NAMESPACE_TAKEN', `${name} is taken: a user or an organization has this name`, { field });

export const nameReserved = (name: string, field: string) =>
  new DomainError('NAME_RESERVED', `${name} is reserved for the registry's own addresses`, { field });

export const robotExists = (login: string) =>
  new DomainError('ROBOT_EXISTS', `there is already a robot ${login}`, { field: 'name' });

export const repositoryExists = (name: string) =>
  new DomainError('REPOSITORY_EXISTS', `there is already a repository ${name}`, { field: 'name' });

export const teamExists = (name: string) =>
  new DomainError('TEAM_EXISTS', `there is already a team ${shown(name)}`, { field: 'name' });

export const memberExists = (member: string, team: string) =>
  new DomainError('MEMBER_EXISTS', `${shown(member)} is in the team ${team} already`, { field: 'member' });

export const defaultPermissionExists = () =>
  new DomainError(
    'DEFAULT_PERMISSION_EXISTS',
    'there is already a default permission for this creator and this grantee; change its role instead',
    { field: 'grantee' },
  );

/** An organization keeps at least one person who administers it, whoever acts. */
export const lastAdmin = (organization: string) =>
  new DomainError(
    'LAST_ADMIN',
    `${organization} would have nobody left who administers it; make somebody else an admin first`,
  );

/** A manifest that was to go because nothing names it, and that something does. */
export const manifestInUse = (digest: string) =>
  new DomainError(
    'PRECONDITION_FAILED',
    `the manifest ${digest} is in use: a tag names it, or another manifest of this repository is made of it`,
    { field: 'digests' },
  );

/** What was looked at has changed since: nothing was done. */
export const preconditionFailed = (message: string) => new DomainError('PRECONDITION_FAILED', message);

/** A destructive act asks for the name, so that it is meant. */
export const notConfirmed = (name: string) => inputInvalid('confirmName', `type ${name} to confirm`);

export const tokenNotRevealable = () =>
  new DomainError('TOKEN_NOT_REVEALABLE', 'this token was shown once and cannot be shown again; make a new one');

/** How many of what stands in the way an answer names. */
const namedAtMost = 3;

/** The first few of what stands in the way; whoever passes one more than that says that there are others. */
function some(names: readonly string[]): string {
  return names.slice(0, namedAtMost).join(', ') + (names.length > namedAtMost ? ', …' : '');
}

/** @param maxAgeSeconds how long ago the person may have signed in */
export const freshSignInRequired = (maxAgeSeconds: number) =>
  new DomainError(
    'FRESH_SIGN_IN_REQUIRED',
    `this needs a sign-in of the last ${String(maxAgeSeconds / 60)} minutes; sign in again and repeat it`,
    { detail: { maxAgeSeconds } },
  );

/** @param retryAfter seconds */
export const tooManyReveals = (perHour: number, retryAfter: number) =>
  new DomainError(
    'TOOMANYREQUESTS',
    `at most ${String(perHour)} tokens are shown again within an hour; the next in ${String(Math.ceil(retryAfter / 60))} minutes`,
    { detail: { retryAfter } },
  );

/** What a client sent, cut to a length that is safe to answer and to log. */
function shown(text: string): string {
  return text.length > 128 ? `${text.slice(0, 128)}…` : text;
}
