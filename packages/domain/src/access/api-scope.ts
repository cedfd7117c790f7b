import type { Context } from '../context.ts';
import { denied } from '../errors.ts';

/** What an API token can be for. It never gives more than its owner may do at that moment; each names what it opens. */
export const apiScopes = {
  read: 'everything that the owner can read',
  'repositories:write': 'create and describe repositories; create, move, delete and restore tags',
  'repositories:admin': 'visibility, permissions and deletion of repositories',
  'organizations:admin': 'organizations, teams, members and default permissions',
  'robots:admin': 'robots and their tokens',
  administration: 'what administrators of the registry do, and seeing what only they see',
} as const;

export type ApiScope = keyof typeof apiScopes;

export function isApiScope(text: string): text is ApiScope {
  return Object.hasOwn(apiScopes, text);
}

/** What may be done with any credential, with one of the scopes, or by nothing less than the person (no API token). */
export type NeededScope = ApiScope | 'nothing' | 'person';

/**
 * Whether the caller's credential is meant for this; what its owner may do is asked elsewhere.
 * @throws DENIED with the missing scope
 */
export function requireScope({ principal }: Pick<Context, 'principal'>, needed: NeededScope): void {
  const scopes = 'credential' in principal ? principal.credential.scopes : undefined;
  if (!scopes || needed === 'nothing') return;
  if (needed === 'person') throw denied('an API token cannot do this: sign in as a person', { missing: 'session' });
  if (!scopes.includes(needed))
    throw denied(`this API token has not the scope ${needed}: make one that has it`, { missing: needed });
}
