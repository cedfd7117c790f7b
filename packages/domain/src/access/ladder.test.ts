import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { RobotToken, type Repository, type User } from '@escale/schema/entities';
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
import type { Digest, RepositoryAction, RepositoryRole, TagName } from '@escale/schema/values';
import { contextFor } from '../testing/domain-test.ts';
import { HotReads } from '../content/hot-reads.ts';
import { createToken } from '../credentials/stored-secret.ts';
import type { CredentialReference } from '../credentials/holder.ts';
import { findAccessible } from './find-accessible.ts';
import { listRepositories } from '../repositories/find-repository.ts';
import { anonymous, principalKey, type Principal } from './principal.ts';
import { requireAction, requireRole } from './require-role.ts';

let database: TestDatabase;
let secret: Repository;
let open: Repository;
let own: Repository;
let hotReads: HotReads;
const callers: Record<string, User | Principal> = { anonymous };

/** Everybody of the matrix, in one organization with a private and a public repository. */
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  hotReads = new HotReads(database.orm);
  const em = database.orm.em.fork();
  const owner = await buildUser(em, { name: 'owner' });
  const acme = await buildOrganization(em, { name: 'acme', owner });
  secret = await buildRepository(em, { namespace: acme.namespace, path: 'secret' });
  open = await buildRepository(em, { namespace: acme.namespace, path: 'open', visibility: 'public' });
  const person = async (name: string) => {
    const user = await buildUser(em, { name });
    callers[name] = user;
    return user;
  };
  await person('stranger');
  for (const role of ['read', 'write', 'admin'] as const) {
    await buildPermission(em, secret, await person(`direct-${role}`), role);
    const team = await buildTeam(em, {
      organization: acme,
      name: `team-${role}`,
      members: [await person(`team-${role}`)],
    });
    await buildPermission(em, secret, team, role);
    const robot = await buildRobot(em, { namespace: acme.namespace, name: `robot-${role}` });
    await buildPermission(em, secret, robot, role);
    const { stored } = createToken(contextFor(em).vault, 'rob', { revealable: false });
    em.create(RobotToken, { robot, ...stored });
    await em.flush();
    callers[`robot-${role}`] = {
      kind: 'robot',
      id: robot.id,
      namespaceId: acme.namespace.id,
      name: robot.login,
      credential: { kind: 'robot-token', id: stored.id },
    };
  }
  await buildTeam(em, { organization: acme, name: 'members', role: 'member', members: [await person('member')] });
  await buildTeam(em, { organization: acme, name: 'creators', role: 'creator', members: [await person('creator')] });
  await buildTeam(em, { organization: acme, name: 'admins', role: 'admin', members: [await person('org-admin')] });
  const both = await person('read-and-write');
  await buildPermission(em, secret, both, 'read');
  await buildPermission(
    em,
    secret,
    await buildTeam(em, { organization: acme, name: 'writers', members: [both] }),
    'write',
  );
  callers['administrator'] = await buildUser(em, { name: 'administrator', isAdministrator: true });
  callers['owner'] = owner;
  own = await buildRepository(em, { namespace: owner.namespace, path: 'own' });
});
afterAll(() => database.close());

const contextOf = (name: string) => contextFor(database.orm.em, callers[name] ?? anonymous);

/** Who has which role on the private repository; nobody else has any. */
const roles: Record<string, RepositoryRole | undefined> = {
  anonymous: undefined,
  stranger: undefined,
  member: undefined,
  creator: undefined,
  'direct-read': 'read',
  'direct-write': 'write',
  'direct-admin': 'admin',
  'team-read': 'read',
  'team-write': 'write',
  'team-admin': 'admin',
  'robot-read': 'read',
  'robot-write': 'write',
  'robot-admin': 'admin',
  'read-and-write': 'write',
  'org-admin': 'admin',
  owner: 'admin',
  administrator: 'admin',
};
const granted: Record<RepositoryRole, readonly RepositoryAction[]> = {
  read: ['pull'],
  write: ['pull', 'push', 'delete'],
  admin: ['pull', 'push', 'delete'],
};

describe.each(Object.entries(roles))('%s, who has %s on a private repository', (name, role) => {
  test.each(['pull', 'push', 'delete'] as const)('%s is decided by that role', async (action) => {
    const asked = requireAction(contextOf(name), secret.name, action);
    if (role && granted[role].includes(action)) await expect(asked).resolves.toMatchObject({ name: secret.name, role });
    else
      await expect(asked).rejects.toMatchObject({
        code: name === 'anonymous' ? 'UNAUTHORIZED' : role ? 'DENIED' : 'NAME_UNKNOWN',
      });
  });

  test('may administer with admin alone; what may not be seen does not exist', async () => {
    const asked = requireRole(contextOf(name), secret.name, 'admin');
    if (role === 'admin') await expect(asked).resolves.toMatchObject({ role });
    else await expect(asked).rejects.toMatchObject({ code: role ? 'DENIED' : 'NAME_UNKNOWN' });
  });

  test('reads a public repository, and writes to it only by a role', async () => {
    const { role: onOpen } = (await findAccessible(contextOf(name), open.name)) ?? {};
    const byOrganization = ['org-admin', 'owner', 'administrator'].includes(name);
    expect(onOpen).toBe(byOrganization ? 'admin' : 'read');
  });

  test('lists exactly what may be seen', async () => {
    const { items } = await listRepositories(contextOf(name), { namespace: 'acme', page: {} });
    expect(items.map((item) => item.name)).toEqual(role ? ['acme/open', 'acme/secret'] : ['acme/open']);
  });
});

/** As a registry token of this caller refers to it. */
function credentialOf(name: string): CredentialReference {
  const caller = callers[name] ?? anonymous;
  if (!('kind' in caller)) return { kind: 'session', id: caller.id };
  return caller.kind === 'robot' ? caller.credential : { kind: 'anonymous' };
}

test('the hot read sees the same repository and role as everybody else, for every caller, alone and in a crowd', async () => {
  const absent = 'acme/absent' as typeof secret.name;
  const tag = { kind: 'tag', tag: 'latest' as TagName } as const;
  const asked = Object.keys(roles).flatMap((name) =>
    [secret.name, open.name, own.name, absent].map((on) => ({ name, on })),
  );
  const seen = await Promise.all(asked.map(({ name, on }) => hotReads.manifest(credentialOf(name), on, tag, true)));
  for (const [index, { name, on }] of asked.entries()) {
    const found = await findAccessible(contextOf(name), on);
    const { reasons: _reasons, ...expected } = found ?? { reasons: [] };
    expect(seen[index]?.repository, `${name} on ${on}`).toEqual(found && expected);
    expect(principalKey(seen[index]?.principal ?? anonymous)).toBe(principalKey(contextOf(name).principal));
    const alone = await hotReads.blob(credentialOf(name), on, `sha256:${'0'.repeat(64)}` as Digest);
    expect(alone.repository).toEqual(seen[index]?.repository);
  }
});

test('a namespace of one’s own: its user administers it, nobody else sees it', async () => {
  expect((await findAccessible(contextOf('owner'), own.name))?.reasons).toContainEqual({
    kind: 'OWNER',
    role: 'admin',
  });
  expect((await findAccessible(contextOf('org-admin'), own.name))?.role).toBeUndefined();
});

test('the reasons name the team through which a role comes', async () => {
  expect((await findAccessible(contextOf('read-and-write'), secret.name))?.reasons).toEqual(
    expect.arrayContaining([
      { kind: 'DIRECT', role: 'read' },
      { kind: 'TEAM', role: 'write', through: 'acme/writers' },
    ]),
  );
});

test('who could grant a missing right is named to those who may know the repository', async () => {
  await expect(requireAction(contextOf('direct-read'), secret.name, 'push')).rejects.toMatchObject({
    detail: {
      missing: 'write',
      grantableBy: expect.arrayContaining(['direct-admin', 'org-admin', 'owner']) as string[],
    },
  });
});

test('a registry token limits: other actions and other repositories are not covered, whatever the role (T2, T4)', async () => {
  const user = callers['direct-admin'] as User;
  const { principal } = contextFor(database.orm.em, user);
  const limited = (grants: { name: typeof secret.name; repositoryId?: string; actions: RepositoryAction[] }[]) =>
    contextFor(database.orm.em, { ...principal, limit: { issuedAt: new Date(), grants } } as Principal);
  const pulls = limited([{ name: secret.name, repositoryId: secret.id, actions: ['pull'] }]);
  await expect(requireAction(pulls, secret.name, 'pull')).resolves.toBeDefined();
  await expect(requireAction(pulls, secret.name, 'push')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  // Of the same name, but another repository: the first one was deleted, and somebody made a new one.
  const stale = limited([{ name: secret.name, repositoryId: open.id, actions: ['pull'] }]);
  await expect(requireAction(stale, secret.name, 'pull')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  const beforeItExisted = limited([{ name: secret.name, actions: ['pull', 'push'] }]);
  await expect(requireAction(beforeItExisted, secret.name, 'pull')).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
});
