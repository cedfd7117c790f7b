import type Koa from 'koa';
import type { Digest, Reference, RepositoryName } from '@escale/schema/values';
import { checkAction, mayAct, principalName, type AccessibleRepository } from '@escale/domain/access';
import type { HotReads, SeenBlob, StoredManifest } from '@escale/domain/content';
import type { Context } from '@escale/domain/context';
import { authenticationRequired, nameUnknown } from '@escale/domain/errors';
import { repositoryForPush, repositoryOrItsPlace } from '@escale/domain/repositories';
import type { CredentialReference } from '@escale/domain/credentials';
import { endpoints, type Need } from '../routing/endpoints.ts';
import type { RegistryRequest } from '../routing/parse-request.ts';
import type { Services } from '../services.ts';
import { identify, limited, readProof, type Proof } from './identify.ts';
import { orMissingNamespace } from './missing-namespace.ts';
import { RequestContext } from './request-context.ts';

/** A request that may go on to its handler. */
export interface Admitted {
  readonly ctx: RequestContext;
  /** The repository that it names, in which the caller has what the endpoint needs; absent where it may be yet to come. */
  readonly repository?: AccessibleRepository | undefined;
  /** For reading endpoints: what was asked for. */
  readonly content?: StoredManifest | SeenBlob | undefined;
  /** For pushes: looks the repository up once more, and makes it again where it was removed since (`inRepository`). */
  readonly readmit?: (() => Promise<AccessibleRepository>) | undefined;
}

/**
 * Who calls, and whether they have what the endpoint needs. Every request passes here before its handler.
 * @throws UNAUTHORIZED, DENIED, NAME_UNKNOWN
 */
export async function admit(
  services: Services,
  http: Koa.Context,
  request: RegistryRequest,
  needs: Need,
): Promise<Admitted> {
  const ctx = new RequestContext(services, http);
  // The token service reads credentials itself: it takes them in more forms.
  const header = request.kind === 'token' ? undefined : http.headers.authorization;
  const proof = await readProof(services, ctx, header);
  if (needs === 'someone' && header === undefined) throw authenticationRequired();
  if (request.kind === 'getManifest' || request.kind === 'getBlob') {
    const { principal, repository, content } = await look(services.hotReads, proof.credential, request, http.method);
    name(http, ctx, limited(principal, proof.limit));
    return { ctx, repository: await checkAction(ctx, request.repository, repository, 'pull'), content };
  }
  if (!('repository' in request)) {
    name(http, ctx, await identify(ctx, proof));
    return { ctx };
  }
  const readmit = needs === 'create' ? () => repositoryNow(services, ctx, request.repository, proof, needs) : undefined;
  const believed = 'believes' in endpoints[request.kind] && believe(services, ctx, request.repository, proof, needs);
  if (believed) {
    name(http, ctx, ctx.principal);
    return { ctx, repository: believed, readmit };
  }
  const { principal, repository } = await services.hotReads.repository(proof.credential, request.repository);
  name(http, ctx, limited(principal, proof.limit));
  const { externalUrl } = services.config;
  const found = await repositoryOf(ctx, request.repository, repository, needs).catch(async (refusal: unknown) => {
    // Also where the repository exists, so that the time it takes does not tell.
    throw needs === 'create' ? await orMissingNamespace(ctx, request.repository, refusal, externalUrl) : refusal;
  });
  return { ctx, repository: found, readmit };
}

/**
 * Lets a push begin on rights that were seen a moment ago: what it does confirms them, or does nothing. Nobody is refused on
 * them.
 * @returns undefined when there are none that would do
 */
function believe(
  services: Services,
  ctx: RequestContext,
  repositoryName: RepositoryName,
  proof: Proof,
  needs: Need,
): AccessibleRepository | undefined {
  const { hotReads } = services;
  const { credential, limit } = proof;
  const seen = hotReads.believed(credential, repositoryName);
  if (!seen?.repository) return undefined;
  const principal = limited(seen.principal, limit);
  const { repository } = seen;
  if (!mayAct(principal, repository, 'push')) return undefined;
  ctx.principal = principal;
  const believed = {
    state: seen.state as string | null,
    repository,
    confirm: async () => {
      if (believed.state === null) return believed.repository;
      believed.repository = await repositoryNow(services, ctx, repositoryName, proof, needs);
      believed.state = null;
      return believed.repository;
    },
  };
  ctx.believed = believed;
  return repository;
}

/** Who calls and what they may, looked up once more in the middle of a request. */
async function repositoryNow(
  { hotReads }: Services,
  ctx: RequestContext,
  repositoryName: RepositoryName,
  { credential, limit }: Proof,
  needs: Need,
): Promise<AccessibleRepository> {
  const now = await hotReads.repository(credential, repositoryName);
  ctx.principal = limited(now.principal, limit);
  const found = await repositoryOf(ctx, repositoryName, now.repository, needs);
  if (!found) throw nameUnknown(repositoryName);
  return found;
}

type Reading = { readonly repository: RepositoryName } & (
  { readonly reference: Reference } | { readonly digest: Digest }
);

/** Credential, right and content in one look. */
function look(reads: HotReads, by: CredentialReference, request: Reading, method: string) {
  return 'reference' in request
    ? reads.manifest(by, request.repository, request.reference, method === 'GET')
    : reads.blob(by, request.repository, request.digest);
}

async function repositoryOf(
  ctx: RequestContext,
  name: RepositoryName,
  existing: AccessibleRepository | undefined,
  needs: Need,
): Promise<AccessibleRepository | undefined> {
  if (needs === 'create') {
    const repository = await repositoryForPush(ctx, name, existing);
    if (repository.made) ctx.made = repository.id;
    return repository;
  }
  if (needs === 'foresee') return repositoryOrItsPlace(ctx, name, existing);
  if (needs === 'pull' || needs === 'push' || needs === 'delete') return checkAction(ctx, name, existing, needs);
  // A row of the table that names a repository and needs nothing on it does not exist; refuse rather than guess.
  return checkAction(ctx, name, undefined, 'push');
}

function name(http: Koa.Context, ctx: RequestContext, principal: Context['principal']): void {
  ctx.principal = principal;
  (http.state as Record<string, unknown>)['principal'] = principalName(principal);
}
