import { z } from 'zod';
import { isUuid } from '@escale/schema/values';
import type { Principal } from '@escale/domain/access';
import { referenceTo, type CredentialReference, type Vault } from '@escale/domain/credentials';
import { unauthorized } from '@escale/domain/errors';

const prefix = 'esc_ref_';
const boundTo = 'refresh-token';

const content = z.object({
  kind: z.enum(['application-token', 'robot-token']),
  id: z.string().refine(isUuid),
});

/**
 * A refresh token: which credential it was made for, sealed, so that nobody else can read or make one. It has no row and no
 * life of its own: it holds for as long as its credential does and ends with it.
 * @returns undefined for a principal whose credential is not one of ours to last: nobody, or a sign-in that will end by itself
 */
export function issueRefreshToken(vault: Vault, principal: Principal): string | undefined {
  const reference = content.safeParse(referenceTo(principal));
  if (!reference.success) return undefined;
  return prefix + vault.seal(JSON.stringify(reference.data), boundTo).toString('base64url');
}

/** @throws UNAUTHORIZED for what was never a refresh token of ours */
export function readRefreshToken(vault: Vault, text: string): CredentialReference {
  const refused = () => unauthorized('the refresh token is invalid: sign in again with docker login');
  if (!text.startsWith(prefix) || text.length > 1024) throw refused();
  const sealed = Buffer.from(text.slice(prefix.length), 'base64url');
  if (vault.sealedWith(sealed, boundTo) === undefined) throw refused();
  return content.parse(JSON.parse(vault.open(sealed, boundTo)));
}
