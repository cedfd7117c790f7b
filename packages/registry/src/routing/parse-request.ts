import {
  isNameWithoutNamespace,
  parseDigest,
  parseReference,
  parseRepositoryName,
  type Digest,
  type Reference,
  type RepositoryName,
} from '@escale/schema/values';
import {
  DomainError,
  digestInvalid,
  manifestInvalid,
  manifestUnknown,
  nameInvalid,
  unsupported,
  uploadInvalid,
} from '@escale/domain/errors';

interface OfRepository {
  readonly repository: RepositoryName;
}

/** Everything that the registry can be asked, with its path already understood (parse at the door, trust inside). */
export type RegistryRequest =
  | { readonly kind: 'ping' }
  | { readonly kind: 'token' }
  | { readonly kind: 'catalog' }
  | (OfRepository & { readonly kind: 'getBlob' | 'deleteBlob'; readonly digest: Digest })
  | (OfRepository & { readonly kind: 'startUpload' })
  | (OfRepository & { readonly kind: 'mountBlob'; readonly digest: string; readonly from: string | undefined })
  | (OfRepository & {
      readonly kind: 'uploadStatus' | 'appendChunk' | 'completeUpload' | 'cancelUpload';
      readonly upload: string;
    })
  | (OfRepository & { readonly kind: 'getManifest' | 'putManifest' | 'deleteManifest'; readonly reference: Reference })
  | (OfRepository & { readonly kind: 'listTags' })
  | (OfRepository & { readonly kind: 'listReferrers'; readonly subject: Digest });

/** A request on a well-formed name without a namespace: there is no such repository, and none can be created. */
export interface WithoutNamespace {
  readonly kind: 'withoutNamespace';
  readonly name: string;
  /** It would create the repository, as the first requests of a push do. */
  readonly creates: boolean;
}

const nameRule =
  'namespace/path in lower case, at most 255 characters, segments of letters and digits joined by . _ __ or -';

/**
 * Resource, and what follows it; the name is everything before the last of these, because names contain slashes. What follows may
 * be missing: then the request is refused for that, not for its name.
 */
const resource = /^(.*)\/(?:(blobs\/uploads)\/([^/]*)|(blobs|manifests|referrers)(?:\/([^/]*))?|(tags\/list))$/;

/**
 * A path of plain segments. Without a resource that we know it belongs to an extension or to another product: clients that probe
 * for one (`_oci/ext/discover`) expect 404, and no complaint about a name.
 */
const plainPath = /^(?!.*\.\.)[\w.-]+(?:\/[\w.-]+)*\/?$/;

/**
 * Reads a method and a raw path below `/v2`. The path is not normalized: what is not plainly a name is refused, never
 * redirected (R1–R3).
 * @param rawPath as it came on the request line, without the query
 * @param query decoded
 * @throws NOT_FOUND, NAME_INVALID, DIGEST_INVALID, MANIFEST_INVALID, MANIFEST_UNKNOWN, BLOB_UPLOAD_INVALID, UNSUPPORTED
 */
export function parseRequest(
  method: string,
  rawPath: string,
  query: URLSearchParams,
): RegistryRequest | WithoutNamespace {
  const verb = method === 'HEAD' ? 'GET' : method;
  if (rawPath === '/v2/' || rawPath === '/v2') return only(verb, 'GET', { kind: 'ping' });
  if (rawPath === '/v2/auth') return { kind: 'token' };
  if (rawPath === '/v2/_catalog') return only(verb, 'GET', { kind: 'catalog' });
  const path = rawPath.slice('/v2/'.length);
  const matched = resource.exec(path);
  if (!matched && plainPath.test(path)) throw nothingAt(path);
  const [, name = '', uploads, upload = '', one, argument = '', tags] = matched ?? [];
  const repository = parseRepositoryName(name);
  if (!repository) {
    if (!isNameWithoutNamespace(name)) throw nameInvalid(name || path, nameRule);
    const creates =
      (verb === 'POST' && uploads !== undefined && upload === '') || (verb === 'PUT' && one === 'manifests');
    return { kind: 'withoutNamespace', name, creates };
  }
  if (uploads) return uploadRequest(verb, repository, upload, query);
  if (tags) return only(verb, 'GET', { kind: 'listTags', repository });
  if (one === 'blobs') {
    if (argument === 'uploads') {
      throw uploadInvalid(`the address of a new upload ends with a slash: POST /v2/${repository}/blobs/uploads/`);
    }
    const digest = requireDigest(argument);
    if (verb === 'GET') return { kind: 'getBlob', repository, digest };
    return only(verb, 'DELETE', { kind: 'deleteBlob', repository, digest });
  }
  if (one === 'referrers') {
    return only(verb, 'GET', { kind: 'listReferrers', repository, subject: requireDigest(argument) });
  }
  return manifestRequest(verb, repository, argument);
}

function uploadRequest(
  verb: string,
  repository: RepositoryName,
  upload: string,
  query: URLSearchParams,
): RegistryRequest {
  if (upload === '') {
    const mount = query.get('mount');
    const request: RegistryRequest =
      mount === null
        ? { kind: 'startUpload', repository }
        : { kind: 'mountBlob', repository, digest: mount, from: query.get('from') ?? undefined };
    return only(verb, 'POST', request);
  }
  const kinds = { GET: 'uploadStatus', PATCH: 'appendChunk', PUT: 'completeUpload', DELETE: 'cancelUpload' } as const;
  if (!Object.hasOwn(kinds, verb)) throw unsupported(`${verb.slice(0, 16)} is not supported here`);
  return { kind: kinds[verb as keyof typeof kinds], repository, upload };
}

function manifestRequest(verb: string, repository: RepositoryName, argument: string): RegistryRequest {
  const kinds = { GET: 'getManifest', PUT: 'putManifest', DELETE: 'deleteManifest' } as const;
  if (!Object.hasOwn(kinds, verb)) throw unsupported(`${verb.slice(0, 16)} is not supported here`);
  const reference = parseReference(argument.replace(/%3a/i, ':'));
  if (reference === 'bad-digest') throw badDigest(argument);
  if (reference === 'bad-tag') {
    if (verb === 'PUT' && argument === '') {
      throw manifestInvalid(
        `a manifest is pushed under a tag or its digest: PUT /v2/${repository}/manifests/<reference>`,
      );
    }
    throw verb === 'PUT'
      ? manifestInvalid('a tag has 1 to 128 letters, digits, _ . or -, and does not begin with . or -')
      : manifestUnknown(argument);
  }
  return { kind: kinds[verb as keyof typeof kinds], repository, reference };
}

function nothingAt(path: string): DomainError {
  const shown = path.slice(0, 100);
  return new DomainError(
    'NOT_FOUND',
    `there is nothing at /v2/${shown}: it is no endpoint of the OCI distribution API`,
  );
}

function requireDigest(text: string): Digest {
  const digest = parseDigest(text.replace(/%3a/i, ':'));
  if (!digest) throw badDigest(text);
  return digest;
}

function badDigest(text: string): DomainError {
  return digestInvalid('a digest is sha256: with 64, or sha512: with 128 lower-case hexadecimal characters', text);
}

function only(verb: string, allowed: string, request: RegistryRequest): RegistryRequest {
  if (verb !== allowed) throw unsupported(`${verb.slice(0, 16)} is not supported here`);
  return request;
}
