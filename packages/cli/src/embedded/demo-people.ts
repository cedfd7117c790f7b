import { createHash } from 'node:crypto';

/** Somebody who can sign in at the demo identity provider. */
export interface Person {
  /** Never changes: it is who they are to the product. */
  readonly sub: string;
  readonly username: string;
  readonly givenName: string;
  readonly familyName: string;
  /** Full paths, as Keycloak writes them. */
  readonly groups: readonly string[];
}

/** The users of the demo identity provider. */
export const people: readonly Person[] = [
  person('alice', 'Alice', 'Martin', ['/platform/dev']),
  person('bob', 'Bob', 'Durand', ['/platform/dev']),
  person('carol', 'Carol', 'Petit', []),
  person('admin', 'Ada', 'Bernard', ['/escale-admins']),
];

export function findPerson(sub: string): Person | undefined {
  return people.find((one) => one.sub === sub);
}

function person(username: string, givenName: string, familyName: string, groups: readonly string[]): Person {
  return { sub: uuidOf(`escale-demo:${username}`), username, givenName, familyName, groups };
}

/** A UUID that is always the same for a name (RFC 9562, version 8). */
function uuidOf(name: string): string {
  const hex = createHash('sha256').update(name).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
