import type { UserPrincipal } from '../access/principal.ts';
import type { Context } from '../context.ts';
import { denied, unauthorized } from '../errors.ts';

/** For what only people have: a settings page, a session, tokens of their own. @throws UNAUTHORIZED, DENIED for robots */
export function requireUser({ principal }: Context): UserPrincipal {
  if (principal.kind === 'user') return principal;
  if (principal.kind === 'anonymous') throw unauthorized('sign in first');
  throw denied('only a person can do this');
}
