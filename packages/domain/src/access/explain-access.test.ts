import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import {
  Permission,
  Team,
  TeamMembership,
  type Organization,
  type Repository,
  type Robot,
  type User,
} from '@escale/schema/entities';
import {
  buildOrganization,
  buildPermission,
  buildRepository,
  buildRobot,
  buildTeam,
  buildUser,
  openTestDatabase,
  type TestDatabase,
} from '@escale/schema/testing';
import { repositoryRoles, teamRoles, type RepositoryRole } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { setPermission } from '../repositories/set-permission.ts';
import { contextFor } from '../testing/domain-test.ts';
import { explainAccess, neededRole, type ExplainedAction } from './explain-access.ts';
import { requireRole } from './require-role.ts';

let database: TestDatabase;
let owner: User;
let someone: User;
let robot: Robot;
let organization: Organization;
let repository: Repository;
let team: Team;

beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  const em = database.orm.em.fork();
  owner = await buildUser(em);
  someone = await buildUser(em);
  organization = await buildOrganization(em, { owner });
  robot = await buildRobot(em, { namespace: organization.namespace });
  repository = await buildRepository(em, { namespace: organization.namespace });
  team = await buildTeam(em, { organization });
});
afterAll(() => database.close());

const actions: readonly ExplainedAction[] = ['pull', 'push', 'delete', 'administer'];
const asOwner = (): Context => contextFor(database.orm.em, owner);

/** Everything on which a right can hang, at once. */
const situation = fc.record({
  visibility: fc.constantFrom('private' as const, 'public' as const),
  direct: fc.option(fc.constantFrom(...repositoryRoles), { nil: undefined }),
  ofTeam: fc.option(fc.constantFrom(...repositoryRoles), { nil: undefined }),
  isMember: fc.boolean(),
  teamRole: fc.constantFrom(...teamRoles),
  grantee: fc.constantFrom('user' as const, 'robot' as const),
  action: fc.constantFrom(...actions),
});
type Situation = typeof situation extends fc.Arbitrary<infer One> ? One : never;

async function establish({ visibility, direct, ofTeam, isMember, teamRole, grantee }: Situation): Promise<void> {
  const em = database.orm.em.fork();
  await em.nativeDelete(Permission, { repository: repository.id });
  await em.nativeDelete(TeamMembership, { team: team.id });
  await em.nativeUpdate(Team, { id: team.id }, { role: teamRole });
  await em.execute('update repositories set visibility = ? where id = ?', [visibility, repository.id]);
  const who = grantee === 'user' ? someone : robot;
  const give = (to: User | Robot | Team, role: RepositoryRole) => buildPermission(em, repository, to, role);
  if (direct) await give(who, direct);
  if (ofTeam) await give(team, ofTeam);
  if (isMember) em.create(TeamMembership, { team, ...(grantee === 'user' ? { user: someone } : { robot }) });
  await em.flush();
}

const named = (grantee: Situation['grantee']) =>
  grantee === 'user' ? { user: someone.username } : { robot: robot.login };

/** What the engine says when the grantee itself asks. */
async function verdict({ grantee, action }: Situation): Promise<boolean> {
  const principal =
    grantee === 'user'
      ? someone
      : {
          kind: 'robot' as const,
          id: robot.id,
          namespaceId: organization.namespace.id,
          name: robot.login,
          credential: { kind: 'robot-token' as const },
        };
  return requireRole(contextFor(database.orm.em, principal), repository.name, neededRole(action)).then(
    () => true,
    () => false,
  );
}

describe('an explanation', () => {
  test('says what the engine does, and granting what is missing makes it so', async () => {
    const explain = ({ grantee, action }: Situation) =>
      explainAccess(asOwner(), { repository: repository.name, action, grantee: named(grantee) });
    await fc.assert(
      fc.asyncProperty(situation, async (one) => {
        await establish(one);
        const { allowed, role, because, missing, grantableBy } = await explain(one);
        expect(allowed).toBe(await verdict(one));
        expect(because.map((reason) => reason.role).includes(role ?? 'admin')).toBe(role !== undefined);
        if (allowed) {
          expect([missing, grantableBy]).toEqual([undefined, []]);
          return;
        }
        expect(grantableBy).toContain(owner.username);
        const grant = { repository: repository.name, grantee: named(one.grantee), role: missing as RepositoryRole };
        await setPermission(asOwner(), grant);
        expect((await explain(one)).allowed).toBe(true);
        expect(await verdict(one)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('of a team says what it gives to each member', async () => {
    await establish({
      visibility: 'private',
      direct: undefined,
      ofTeam: 'write',
      isMember: true,
      teamRole: 'member',
      grantee: 'user',
      action: 'push',
    });
    const explanation = await explainAccess(asOwner(), {
      repository: repository.name,
      action: 'push',
      grantee: { team: team.name },
    });
    const through = `${organization.name}/${team.name}`;
    expect(explanation).toEqual({
      allowed: true,
      role: 'write',
      because: [{ kind: 'TEAM', role: 'write', through }],
      grantableBy: [],
    });
  });

  test('for oneself is for all who see the repository; about others only for its admins', async () => {
    await establish({
      visibility: 'private',
      direct: 'read',
      ofTeam: undefined,
      isMember: false,
      teamRole: 'member',
      grantee: 'user',
      action: 'push',
    });
    const ctx = () => contextFor(database.orm.em, someone);
    const own = await explainAccess(ctx(), { repository: repository.name, action: 'push' });
    expect(own).toMatchObject({ allowed: false, role: 'read', missing: 'write', grantableBy: [owner.username] });
    const aboutOwner = { repository: repository.name, action: 'pull', grantee: { user: owner.username } } as const;
    await expect(explainAccess(ctx(), aboutOwner)).rejects.toMatchObject({ code: 'DENIED' });
  });

  test('to an outsider a private repository and a missing one are the same (leak test)', async () => {
    await establish({
      visibility: 'private',
      direct: undefined,
      ofTeam: 'admin',
      isMember: false,
      teamRole: 'admin',
      grantee: 'user',
      action: 'pull',
    });
    for (const action of actions) {
      const told = await Promise.all(
        [repository.name, `${organization.name}/missing`].map((name) =>
          explainAccess(contextFor(database.orm.em, someone), { repository: name, action }).catch((error: unknown) =>
            JSON.stringify(error, ['code', 'message', 'detail']).concat(String(error)).replaceAll(name, ''),
          ),
        ),
      );
      expect(told[0]).toBe(told[1]);
      expect(told[0]).toContain('NAME_UNKNOWN');
    }
  });

  test('of a disabled user says so', async () => {
    const em = database.orm.em.fork();
    const gone = await buildUser(em);
    gone.disabledAt = new Date();
    await em.flush();
    const grantee = { user: gone.username };
    const explanation = await explainAccess(asOwner(), { repository: repository.name, action: 'pull', grantee });
    expect(explanation).toMatchObject({ allowed: false, missing: 'the user is disabled', grantableBy: [] });
  });
});
