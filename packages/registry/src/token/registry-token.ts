import { randomUUID } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { isUuid, parseRepositoryName, repositoryActions } from '@escale/schema/values';
import { principalName, type Grant, type GrantLimit, type Principal } from '@escale/domain/access';
import type { CredentialReference } from '@escale/domain/credentials';
import { unauthorized } from '@escale/domain/errors';
import { registryHost } from '../config.ts';
import type { Services } from '../services.ts';

/** Seconds for which a registry token is good; clients ask for another by themselves. */
export const tokenLifetime = 300;
const issuer = 'escale';
const type = 'registry+jwt';

const uuid = z.string().refine(isUuid);

/** What a token carries beside the registered claims. Repositories by id: a name that is used again is another one (T4). */
const claims = z.object({
  iat: z.number(),
  credential: z.object({
    kind: z.enum(['anonymous', 'session', 'application-token', 'robot-token', 'keycloak-token']),
    id: uuid.optional(),
  }),
  access: z.array(
    z.object({
      type: z.literal('repository'),
      name: z.string(),
      actions: z.array(z.enum(repositoryActions)),
      id: uuid.optional(),
    }),
  ),
});

/** Signs a token for a principal, limited to what was granted. */
export async function signToken(
  { signingKeys, config }: Services,
  principal: Principal,
  grants: readonly Grant[],
  now: Date,
): Promise<string> {
  const { id: kid, key } = await signingKeys.signing();
  const issuedAt = Math.floor(now.getTime() / 1000);
  const access = grants.map(({ name, actions, repositoryId }) => ({
    type: 'repository',
    name,
    actions,
    ...(repositoryId !== undefined && { id: repositoryId }),
  }));
  return new SignJWT({ credential: referenceTo(principal), access })
    .setProtectedHeader({ alg: 'ES256', kid, typ: type })
    .setIssuer(issuer)
    .setAudience(registryHost(config))
    .setSubject(principalName(principal))
    .setJti(randomUUID())
    .setIssuedAt(issuedAt)
    .setNotBefore(issuedAt)
    .setExpirationTime(issuedAt + tokenLifetime)
    .sign(key);
}

/**
 * Checks a token's form, signature, audience and time. Whether the credential behind it still holds is the domain's question.
 * @throws UNAUTHORIZED without saying which check failed
 */
export async function verifyToken(
  { signingKeys, config }: Services,
  token: string,
  now: Date,
): Promise<{ credential: CredentialReference; limit: GrantLimit }> {
  const refused = () => unauthorized('the token is invalid or expired', { error: 'invalid_token' });
  try {
    const header = decodeProtectedHeader(token);
    // Nothing but these three: no key, no address of a key, no extension that somebody must understand (T3).
    if (token.length > 16_384 || Object.keys(header).some((name) => !['alg', 'kid', 'typ'].includes(name)))
      throw refused();
    const key = await signingKeys.verifying(header.kid ?? '');
    if (!key) throw refused();
    const { payload } = await jwtVerify(token, key, {
      algorithms: ['ES256'],
      typ: type,
      issuer,
      audience: registryHost(config),
      currentDate: now,
      clockTolerance: 30,
      requiredClaims: ['iat', 'exp', 'nbf', 'sub'],
      maxTokenAge: tokenLifetime + 30,
    });
    const { iat, credential, access } = claims.parse(payload);
    const grants = access.flatMap(({ name, actions, id }): Grant[] => {
      const parsed = parseRepositoryName(name);
      return parsed ? [{ name: parsed, actions, ...(id !== undefined && { repositoryId: id }) }] : [];
    });
    const { kind, id } = credential;
    return {
      credential: { kind, ...(id !== undefined && { id }) },
      limit: { issuedAt: new Date(iat * 1000), grants },
    };
  } catch (error) {
    if (isRefusal(error)) throw refused();
    throw error;
  }
}

function referenceTo(principal: Principal): CredentialReference {
  if (principal.kind === 'anonymous' || principal.kind === 'system') return { kind: 'anonymous' };
  return { kind: principal.credential.kind, id: principal.credential.id ?? principal.id };
}

/** A bad token, as opposed to a database that does not answer. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof z.ZodError ||
    error instanceof TypeError ||
    (error as { code?: unknown }).code?.toString().startsWith('ERR_J') === true
  );
}
