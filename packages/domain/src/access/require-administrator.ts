import type { Context } from '../context.ts';
import { denied, unauthorized } from '../errors.ts';
import { isAdministrator, principalName } from './principal.ts';

/** The first line of every verb on the registry as a whole. @throws UNAUTHORIZED without a sign-in, DENIED for all others */
export function requireAdministrator({ principal }: Pick<Context, 'principal'>): void {
  if (isAdministrator(principal)) return;
  if (principal.kind === 'anonymous') throw unauthorized('sign in first');
  throw denied(`${principalName(principal)} may not do this: it is for administrators of this registry`);
}
