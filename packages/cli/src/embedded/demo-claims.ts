import type { Person } from './demo-people.ts';

/** What the ID token and the userinfo say of a person. */
export function identityClaims(person: Person): { sub: string; [claim: string]: unknown } {
  return {
    sub: person.sub,
    preferred_username: person.username,
    email: `${person.username}@example.org`,
    email_verified: true,
    given_name: person.givenName,
    family_name: person.familyName,
    name: `${person.givenName} ${person.familyName}`,
    // As Keycloak does it: somebody in no group has no such claim at all.
    ...(person.groups.length > 0 && { groups: person.groups }),
  };
}

/** What the access token says beside the standard claims. */
export function accessTokenClaims(person: Person, clientId: string): Record<string, unknown> {
  return {
    typ: 'Bearer',
    azp: clientId,
    preferred_username: person.username,
    email: `${person.username}@example.org`,
    email_verified: true,
    realm_access: { roles: person.groups.includes('/escale-admins') ? ['escale-admin'] : [] },
    ...(person.groups.length > 0 && { groups: person.groups }),
  };
}
