import { hash, randomUUID } from 'node:crypto';
import { decodeProtectedHeader, jwtVerify, SignJWT } from 'jose';
import { z } from 'zod';
import { isUuid, parseRepositoryName, repositoryActions } from '@escale/schema/values';
import { principalName, type Grant, type GrantLimit, type Principal } from '@escale/domain/access';
import { referenceTo, type CredentialReference } from '@escale/domain/credentials';
import { unauthorized } from '@escale/domain/errors';
import { registryHost } from '../config.ts';
import type { Services } from '../services.ts';
import { tokenLifetime } from './token-lifetime.ts';

const issuer = 'escale';
const type = 'registry+jwt';

const uuid = z.string().refine(isUuid);

/** What a token carries beside the registered claims. Repositories by id: a name that is used again is another one (T4). */
const claims = z.object({
  iat: z.number(),
  exp: z.number(),
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
  /** Present when the list of repositories was asked for; it grants no action, hence not under `access`. */
  catalog: z.literal(true).optional(),
});

/** Signs a token for a principal, limited to what was granted. */
export async function signToken(
  { signingKeys, config }: Services,
  principal: Principal,
  { grants, catalog }: Pick<GrantLimit, 'grants' | 'catalog'>,
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
  return new SignJWT({ credential: referenceTo(principal), access, ...(catalog && { catalog }) })
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

/** What a registry token says, once its signature was checked. */
export interface VerifiedToken {
  readonly credential: CredentialReference;
  readonly limit: GrantLimit;
}

/** Tokens whose signature was checked, by their hash, so that each is checked once. */
const remembered = 10_000;

/** Tolerated when a token's times are read, in seconds; it must not make a token last much longer. */
const skew = 30;

/** Remembers verified tokens until they expire; a key that is withdrawn takes its tokens with it. */
export class VerifiedTokens {
  readonly #tokens = new Map<
    string,
    { readonly kid: string; readonly until: number; readonly verified: VerifiedToken }
  >();

  find(key: string, now: Date, holds: (kid: string) => boolean): VerifiedToken | undefined {
    const found = this.#tokens.get(key);
    if (!found) return undefined;
    if (found.until > now.getTime() && holds(found.kid)) return found.verified;
    this.#tokens.delete(key);
    return undefined;
  }

  add(key: string, kid: string, until: number, verified: VerifiedToken): void {
    // A map keeps the order of insertion: the oldest goes, which expires first.
    if (this.#tokens.size >= remembered)
      for (const oldest of this.#tokens.keys()) {
        this.#tokens.delete(oldest);
        break;
      }
    this.#tokens.set(key, { kid, until, verified });
  }
}

/**
 * Checks a token's form, signature, audience and time. Whether the credential behind it still holds is the domain's question.
 * @throws UNAUTHORIZED without saying which check failed
 */
export async function verifyToken(
  { signingKeys, verifiedTokens, config }: Services,
  token: string,
  now: Date,
): Promise<VerifiedToken> {
  const refused = () => unauthorized('the token is invalid or expired', { error: 'invalid_token' });
  if (token.length > 16_384) throw refused();
  const key = hash('sha256', token, 'base64');
  const known = verifiedTokens.find(key, now, (kid) => signingKeys.holds(kid));
  if (known) return known;
  try {
    const header = decodeProtectedHeader(token);
    // Nothing but these three: no key, no address of a key, no extension that somebody must understand (T3).
    if (Object.keys(header).some((name) => !['alg', 'kid', 'typ'].includes(name))) throw refused();
    const kid = header.kid ?? '';
    const publicKey = await signingKeys.verifying(kid);
    if (!publicKey) throw refused();
    const { payload } = await jwtVerify(token, publicKey, {
      algorithms: ['ES256'],
      typ: type,
      issuer,
      audience: registryHost(config),
      currentDate: now,
      clockTolerance: skew,
      requiredClaims: ['iat', 'exp', 'nbf', 'sub'],
      maxTokenAge: tokenLifetime + skew,
    });
    const { iat, exp, credential, access, catalog } = claims.parse(payload);
    const grants = access.flatMap(({ name, actions, id }): Grant[] => {
      const parsed = parseRepositoryName(name);
      return parsed ? [{ name: parsed, actions, ...(id !== undefined && { repositoryId: id }) }] : [];
    });
    const { kind, id } = credential;
    const verified = {
      credential: { kind, ...(id !== undefined && { id }) },
      limit: { issuedAt: new Date(iat * 1000), grants, ...(catalog && { catalog }) },
    };
    verifiedTokens.add(key, kid, (Math.min(exp, iat + tokenLifetime) + skew) * 1000, verified);
    return verified;
  } catch (error) {
    if (isRefusal(error)) throw refused();
    throw error;
  }
}

/** A bad token, as opposed to a database that does not answer. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof z.ZodError ||
    error instanceof TypeError ||
    (error as { code?: unknown }).code?.toString().startsWith('ERR_J') === true
  );
}
