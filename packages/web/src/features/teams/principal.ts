import type { PrincipalNameFragment } from '../../graphql/generated/graphql.ts';
import type { Grantee } from '../grantees/grantee.ts';

/** `alice`, or `acme+ci`. */
export function principalName(principal: PrincipalNameFragment): string {
  return principal.__typename === 'User' ? principal.username : principal.login;
}

export function principalGrantee(principal: PrincipalNameFragment): Grantee {
  return { kind: principal.__typename, name: principalName(principal) };
}
