import type { EntityManager } from '@mikro-orm/postgresql';
import {
  Namespace,
  Organization,
  Permission,
  Repository,
  Robot,
  Team,
  TeamMembership,
  User,
} from '../entities/index.ts';
import type { RepositoryName } from '../values/repository-name.ts';
import type { RepositoryRole, TeamRole } from '../values/role.ts';

let counter = 0;
const unique = (word: string): string => `${word}${String(process.pid)}-${String((counter += 1))}`;

/** Each of these makes one valid thing, its parents included, and saves it. What a test does not care for gets a name of its own. */
export async function buildUser(
  em: EntityManager,
  { name = unique('user'), isAdministrator = false }: { name?: string; isAdministrator?: boolean } = {},
): Promise<User> {
  const namespace = em.create(Namespace, { name, kind: 'user' });
  const user = em.create(User, {
    namespace,
    issuer: 'https://id.example.org/realms/escale',
    subject: unique('subject'),
    email: `${name}@example.org`,
    usernameConfirmed: true,
    isAdministrator,
  });
  await em.flush();
  return user;
}

/** With its team `owners`, in which the owner is, as a created organization has it. */
export async function buildOrganization(
  em: EntityManager,
  { name = unique('org'), owner }: { name?: string; owner?: User } = {},
): Promise<Organization> {
  const namespace = em.create(Namespace, { name, kind: 'organization' });
  const organization = em.create(Organization, { namespace });
  const owners = em.create(Team, { organization, name: 'owners', role: 'admin' });
  if (owner) em.create(TeamMembership, { team: owners, user: owner });
  await em.flush();
  return organization;
}

export async function buildTeam(
  em: EntityManager,
  {
    organization,
    name = unique('team'),
    role = 'member',
    members = [],
  }: {
    organization?: Organization;
    name?: string;
    role?: TeamRole;
    members?: readonly (User | Robot)[];
  } = {},
): Promise<Team> {
  const team = em.create(Team, { organization: organization ?? (await buildOrganization(em)), name, role });
  for (const member of members) {
    em.create(TeamMembership, { team, ...(member instanceof User ? { user: member } : { robot: member }) });
  }
  await em.flush();
  return team;
}

export async function buildRobot(
  em: EntityManager,
  { namespace, name = unique('robot') }: { namespace?: Namespace; name?: string } = {},
): Promise<Robot> {
  const robot = em.create(Robot, { namespace: namespace ?? (await buildOrganization(em)).namespace, name });
  await em.flush();
  return robot;
}

export async function buildRepository(
  em: EntityManager,
  {
    namespace,
    path = unique('repo'),
    visibility = 'private',
  }: {
    namespace?: Namespace;
    path?: string;
    visibility?: 'private' | 'public';
  } = {},
): Promise<Repository> {
  const parent = namespace ?? (await buildOrganization(em)).namespace;
  const repository = em.create(Repository, {
    namespace: parent,
    name: `${parent.name}/${path}` as RepositoryName,
    visibility,
    createdBy: 'system:test',
  });
  await em.flush();
  return repository;
}

export async function buildPermission(
  em: EntityManager,
  repository: Repository,
  grantee: User | Robot | Team,
  role: RepositoryRole,
): Promise<Permission> {
  const who =
    grantee instanceof User ? { user: grantee } : grantee instanceof Robot ? { robot: grantee } : { team: grantee };
  const permission = em.create(Permission, { repository, role, ...who });
  await em.flush();
  return permission;
}
