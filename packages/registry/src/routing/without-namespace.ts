import type Koa from 'koa';
import type { Principal } from '@escale/domain/access';
import { authenticationRequired, denied, DomainError } from '@escale/domain/errors';
import { identify, readProof } from '../auth/identify.ts';
import { RequestContext } from '../auth/request-context.ts';
import type { Services } from '../services.ts';
import type { WithoutNamespace } from './parse-request.ts';
import { warn } from './warnings.ts';

/**
 * Refuses a request on a name without a namespace (`docker push HOST/app`) and says where its caller can push. Such a name is well
 * formed to clients: an answer of NAME_INVALID would make the docker engine repeat the request for a minute.
 * @throws UNAUTHORIZED, DENIED for what would create it, NAME_UNKNOWN for anything else
 */
export async function refuseWithoutNamespace(
  services: Services,
  http: Koa.Context,
  { name, creates }: WithoutNamespace,
): Promise<never> {
  const ctx = new RequestContext(services, http);
  const { authorization } = http.headers;
  const principal = await identify(ctx, await readProof(services, ctx, authorization));
  if (creates && principal.kind === 'anonymous') throw authenticationRequired();
  const host = new URL(services.ownOrigins.forHost(http.headers.host)).host;
  const example = `${host}/${namespaceOf(principal) ?? '<namespace>'}/${name}`;
  if (creates) {
    throw denied(`the name ${name} has no namespace: push to ${example}`);
  }
  const message = `repository ${name} does not exist: names here have a namespace, such as ${example}`;
  // An answer to HEAD has no body; clients print this header.
  if (http.method === 'HEAD') warn(http, message);
  throw new DomainError('NAME_UNKNOWN', message, { detail: { name } });
}

/** The namespace in which a caller can be expected to push. */
function namespaceOf(principal: Principal): string | undefined {
  if (principal.kind === 'user') return principal.name;
  return principal.kind === 'robot' ? principal.name.split('+')[0] : undefined;
}
