import { TeamMembership, type Organization, type User } from '@escale/schema/entities';
import { buildOrganization, buildUser, type TestDatabase } from '@escale/schema/testing';
import type { Context } from '../context.ts';
import type { DirectoryPerson } from '../groups/directory.ts';
import { createTeam } from '../teams/change-team.ts';
import { contextFor } from './domain-test.ts';
import { newPerson, signInPerson } from './memory-directory.ts';

/** An organization with a team `platform`, for tests about who is in it. Its functions speak of the one that was made last. */
export interface TeamScene {
  /** Makes another one, with nobody in the team. */
  readonly begin: () => Promise<{ owner: User; acme: Organization }>;
  readonly by: (user: User) => Context;
  /** The team, as inputs name it. */
  readonly at: () => { organization: string; team: string };
  /** One of the team, as inputs name it. */
  readonly with_: (member: string) => { organization: string; team: string; member: string };
  /** By name, and whether a group brought it. */
  readonly membersOf: () => Promise<[string | undefined, boolean][]>;
  /** Somebody at the identity provider; with groups, signed in already. */
  readonly person: (name: string, groups?: readonly string[]) => Promise<DirectoryPerson>;
  readonly signIn: (who: DirectoryPerson, groups: readonly string[], verified?: boolean) => Promise<User>;
}

/** @param database asked at each use: it is opened after the scene is described */
export function teamScene(database: () => TestDatabase): TeamScene {
  const em = () => database().orm.em.fork();
  const by = (user: User) => contextFor(database().orm.em, user);
  let acme: Organization | undefined;
  const organization = () => {
    if (!acme) throw new Error('the scene has not begun');
    return acme;
  };
  const at = () => ({ organization: organization().name, team: 'platform' });
  return {
    begin: async () => {
      const owner = await buildUser(em());
      acme = await buildOrganization(em(), { owner });
      await createTeam(by(owner), { organization: acme.name, name: 'platform' });
      return { owner, acme };
    },
    by,
    at,
    with_: (member) => ({ ...at(), member }),
    membersOf: async () => {
      const team = { organization: organization().id, name: 'platform' };
      const found = await em().find(TeamMembership, { team }, { populate: ['user', 'robot'] });
      return found
        .map((one): [string | undefined, boolean] => [one.user?.username ?? one.robot?.name, one.synced])
        .toSorted();
    },
    person: (name, groups) => newPerson(em(), name, groups),
    signIn: (who, groups, verified) => signInPerson(em(), who, groups, verified),
  };
}
