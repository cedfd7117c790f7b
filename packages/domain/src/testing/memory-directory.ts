import type { User } from '@escale/schema/entities';
import type { EntityManager } from '@escale/schema/orm';
import { DirectoryUnavailable, type Directory, type DirectoryPerson, type PersonState } from '../groups/directory.ts';
import { signInUser } from '../users/sign-in-user.ts';
import { contextFor } from './domain-test.ts';

export const issuer = 'https://keycloak.example.org/realms/escale';

let counter = 0;
/** Somebody whom the provider knows; signed in here when told so. */
export async function newPerson(
  em: EntityManager,
  name: string,
  groups: readonly string[] | 'never' = 'never',
): Promise<DirectoryPerson> {
  counter += 1;
  const username = `${name}${String(counter)}`;
  const known = {
    subject: `subject-${username}`,
    username,
    name: `${name} Martin`,
    email: `${username}@example.org`,
    emailVerified: true,
  };
  if (groups !== 'never') await signInPerson(em, known, groups);
  return known;
}

export function signInPerson(
  em: EntityManager,
  { subject, username, email }: DirectoryPerson,
  groups: readonly string[],
  verified = true,
): Promise<User> {
  return signInUser(contextFor(em), {
    issuer,
    subject,
    preferredName: username,
    username,
    ...(verified && email !== undefined && { email }),
    isAdministrator: groups.includes('/escale-admins'),
    groups,
  });
}

/** A provider in memory whose lists can be cut short, and which can be away. */
export class MemoryDirectory implements Directory {
  readonly groups = new Map<string, Set<string>>();
  people: DirectoryPerson[] = [];
  unlisted = new Set<string>();
  /** By subject; others are enabled. */
  states = new Map<string, PersonState>();
  failing: ((group: string) => boolean) | undefined;
  onAsked: () => Promise<undefined> = () => Promise.resolve(undefined);

  async membersOf(name: string): Promise<readonly string[]> {
    await this.onAsked();
    if (this.failing?.(name)) throw new DirectoryUnavailable('Keycloak answers 503', { isReachable: true });
    return [...(this.groups.get(name) ?? [])].filter((subject) => !this.unlisted.has(subject));
  }

  async groupsOf(subject: string): Promise<readonly string[]> {
    await Promise.resolve();
    if (this.failing?.(subject)) throw new DirectoryUnavailable('Keycloak answers 503', { isReachable: true });
    if ((await this.stateOf(subject)) !== 'enabled') return [];
    return [...this.groups].filter(([, members]) => members.has(subject)).map(([name]) => name);
  }

  async stateOf(subject: string): Promise<PersonState> {
    await Promise.resolve();
    if (this.failing?.(subject)) throw new DirectoryUnavailable('Keycloak answers 503', { isReachable: true });
    return this.states.get(subject) ?? 'enabled';
  }

  async search(): Promise<readonly DirectoryPerson[]> {
    await Promise.resolve();
    if (this.failing?.('')) throw new DirectoryUnavailable('Keycloak answers 503', { isReachable: false });
    return this.people;
  }
}
