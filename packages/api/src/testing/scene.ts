import { createHash, randomUUID } from 'node:crypto';
import {
  ApplicationToken,
  DefaultPermission,
  Manifest,
  PendingMembership,
  RobotToken,
  Tag,
  type Organization,
  type Repository,
  type Robot,
  type Team,
  type User,
} from '@escale/schema/entities';
import type { EntityManager } from '@escale/schema/orm';
import { buildOrganization, buildPermission, buildRepository, buildRobot, buildTeam } from '@escale/schema/testing';
import type { Digest, TagName } from '@escale/schema/values';
import { createToken, type Vault } from '@escale/domain/credentials';

/**
 * The kinds of callers in the matrix of rights: any user, repository read, write and admin, organization member, creator and
 * admin, and administrator of the registry (superuser). Anonymous is none of these.
 */
export const kinds = ['U', 'Rr', 'Rw', 'Ra', 'Om', 'Oc', 'Oa', 'S'] as const;
export type Kind = (typeof kinds)[number];
export type People = Readonly<Record<Kind, User>>;

let counter = 0;
const next = (word: string): string => `${word}${String((counter += 1)).padStart(5, '0')}`;

/** An organization of its own in which everybody is what the letters say; what a test acts on is made afresh in it. */
export interface Scene {
  readonly em: EntityManager;
  readonly vault: Vault;
  readonly people: People;
  readonly organization: Organization;
  /** Private, with a tag `v1`; Rr, Rw and Ra have their permissions. */
  repository(): Promise<Repository>;
  robot(): Promise<Robot>;
  team(members?: readonly (User | Robot)[]): Promise<Team>;
}

export async function createScene(em: EntityManager, vault: Vault, people: People): Promise<Scene> {
  const organization = await buildOrganization(em, { name: next('org'), owner: people.Oa });
  await buildTeam(em, { organization, name: 'members', role: 'member', members: [people.Om] });
  await buildTeam(em, { organization, name: 'creators', role: 'creator', members: [people.Oc] });
  return {
    em,
    vault,
    people,
    organization,
    repository: async () => {
      const repository = await buildRepository(em, { namespace: organization.namespace, path: next('app') });
      for (const [kind, role] of [
        ['Rr', 'read'],
        ['Rw', 'write'],
        ['Ra', 'admin'],
      ] as const) {
        await buildPermission(em, repository, people[kind], role);
      }
      await addTag(em, repository);
      return repository;
    },
    robot: async () => {
      const robot = await buildRobot(em, { namespace: organization.namespace, name: next('bot') });
      em.create(RobotToken, { ...createToken(vault, 'rob', { revealable: true }).stored, robot });
      await em.flush();
      return robot;
    },
    team: (members = []) => buildTeam(em, { organization, name: next('team'), members }),
  };
}

async function addTag(em: EntityManager, repository: Repository): Promise<void> {
  const payload = Buffer.from(JSON.stringify({ of: repository.name }));
  const manifest = em.create(Manifest, {
    repository,
    digest: `sha256:${createHash('sha256').update(payload).digest('hex')}` as Digest,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    payload,
    size: payload.length,
    totalSize: payload.length,
    annotations: {},
  });
  em.create(Tag, {
    repository,
    name: 'v1' as TagName,
    manifest,
    pushedBy: 'test',
    startedAt: new Date(Date.UTC(2026, 0, 1)),
  });
  await em.flush();
}

const digestIn = async ({ em }: Scene, { id }: Repository) =>
  (await em.findOneOrFail(Manifest, { repository: id })).digest;

async function tokenOf({ em }: Scene, robot: Robot): Promise<string> {
  return (await em.findOneOrFail(RobotToken, { robot: robot.id })).id;
}

async function ruleIn(scene: Scene): Promise<DefaultPermission> {
  const rule = scene.em.create(DefaultPermission, {
    organization: scene.organization,
    robot: await scene.robot(),
    role: 'read',
  });
  await scene.em.flush();
  return rule;
}

async function tagged(scene: Scene): Promise<{ repository: string; tag: string }> {
  return { repository: (await scene.repository()).name, tag: 'v1' };
}

/**
 * A valid input of every mutation on a thing of an organization, made for one who may do everything there. A mutation without
 * an entry fails the matrix of rights.
 */
export const inputs: Readonly<Record<string, (scene: Scene) => Promise<Record<string, unknown>>>> = {
  updateOrganization: async ({ organization: { name } }) => ({ name, description: 'new' }),
  deleteOrganization: async ({ organization: { name } }) => ({ name, confirmName: name }),
  restoreOrganization: async ({ em, organization: { namespace } }) => {
    namespace.deletedAt = new Date();
    namespace.purgeAt = new Date(Date.now() + 60_000);
    await em.flush();
    return { name: namespace.name };
  },
  removeOrganizationMember: async (scene) => {
    const robot = await scene.robot();
    await scene.team([robot]);
    return { organization: scene.organization.name, member: robot.login };
  },
  createTeam: async ({ organization }) => ({ organization: organization.name, name: next('new-team') }),
  updateTeam: async (scene) => ({
    organization: scene.organization.name,
    team: (await scene.team()).name,
    role: 'CREATOR',
  }),
  deleteTeam: async (scene) => ({ organization: scene.organization.name, team: (await scene.team()).name }),
  addTeamMember: async (scene) => ({
    organization: scene.organization.name,
    team: (await scene.team()).name,
    member: (await scene.robot()).login,
  }),
  removeTeamMember: async (scene) => {
    const robot = await scene.robot();
    return { organization: scene.organization.name, team: (await scene.team([robot])).name, member: robot.login };
  },
  addPendingTeamMember: async (scene) => ({
    organization: scene.organization.name,
    team: (await scene.team()).name,
    login: next('nobody'),
  }),
  removePendingTeamMember: async (scene) => {
    const team = await scene.team();
    scene.em.create(PendingMembership, { team, login: 'nobody' });
    await scene.em.flush();
    return { organization: scene.organization.name, team: team.name, login: 'nobody' };
  },
  syncTeam: async (scene) => {
    await scene.em.execute(`update organizations set allowed_groups = '["/devs"]' where id = ?`, [
      scene.organization.id,
    ]);
    return { organization: scene.organization.name, team: (await scene.team()).name, group: '/devs' };
  },
  createRobot: async ({ organization }) => ({ namespace: organization.name, name: next('new-bot') }),
  updateRobot: async (scene) => ({ robot: (await scene.robot()).login, description: 'new' }),
  deleteRobot: async (scene) => ({ robot: (await scene.robot()).login }),
  createRobotToken: async (scene) => ({ robot: (await scene.robot()).login }),
  rotateRobotToken: async (scene) => {
    const robot = await scene.robot();
    return { robot: robot.login, token: await tokenOf(scene, robot) };
  },
  revealRobotToken: async (scene) => {
    const robot = await scene.robot();
    return { robot: robot.login, token: await tokenOf(scene, robot) };
  },
  revokeOtherSessions: () => Promise.resolve({ keep: '' }),
  revokeRobotToken: async (scene) => {
    const robot = await scene.robot();
    return { robot: robot.login, token: await tokenOf(scene, robot) };
  },
  createDefaultPermission: async (scene) => ({
    organization: scene.organization.name,
    role: 'READ',
    grantee: { team: (await scene.team()).name },
    createdBy: (await scene.robot()).login,
  }),
  updateDefaultPermission: async (scene) => ({ id: (await ruleIn(scene)).id, role: 'WRITE' }),
  deleteDefaultPermission: async (scene) => ({ id: (await ruleIn(scene)).id }),
  applyDefaultPermissions: async ({ organization }) => ({ organization: organization.name }),
  createRepository: async ({ organization }) => ({ name: `${organization.name}/${next('new')}` }),
  updateRepository: async (scene) => ({ repository: (await scene.repository()).name, description: 'new' }),
  setRepositoryVisibility: async (scene) => ({ repository: (await scene.repository()).name, visibility: 'PUBLIC' }),
  deleteRepository: async (scene) => {
    const { name } = await scene.repository();
    return { repository: name, confirmName: name };
  },
  restoreRepository: async (scene) => {
    const repository = await scene.repository();
    repository.deletedAt = new Date();
    repository.purgeAt = new Date(Date.now() + 60_000);
    await scene.em.flush();
    return { repository: repository.name };
  },
  setRepositoryPermission: async (scene) => ({
    repository: (await scene.repository()).name,
    grantee: { robot: (await scene.robot()).login },
    role: 'READ',
  }),
  removeRepositoryPermission: async (scene) => {
    const [repository, robot] = [await scene.repository(), await scene.robot()];
    await buildPermission(scene.em, repository, robot, 'read');
    return { repository: repository.name, grantee: { robot: robot.login } };
  },
  setGranteeRepositoryPermissions: async (scene) => ({
    organization: scene.organization.name,
    grantee: { robot: (await scene.robot()).login },
    permissions: [{ repository: (await scene.repository()).name, role: 'READ' }],
  }),
  exportUsageLog: ({ organization }) => Promise.resolve({ namespace: organization.name }),
  setUsageLogRetention: ({ organization }) => Promise.resolve({ organization: organization.name, days: 30 }),
  setStar: async (scene) => ({ repository: (await scene.repository()).name, starred: true }),
  setTag: async (scene) => {
    const repository = await scene.repository();
    return { repository: repository.name, tag: 'v2', digest: await digestIn(scene, repository) };
  },
  deleteTag: tagged,
  deleteTags: async (scene) => ({ repository: (await scene.repository()).name, tags: ['v1'] }),
  deleteUntaggedManifests: async (scene) => {
    const repository = await scene.repository();
    const digest = await digestIn(scene, repository);
    await scene.em.execute('update tags set ended_at = now() where repository_id = ?', [repository.id]);
    return { repository: repository.name, digests: [digest] };
  },
  restoreTag: async (scene) => {
    const repository = await scene.repository();
    return { repository: repository.name, tag: 'v1', digest: await digestIn(scene, repository) };
  },
  setTagExpiry: async (scene) => ({
    ...(await tagged(scene)),
    expiresAt: new Date(Date.now() + 86_400_000).toISOString(),
  }),
  setTagsExpiry: async (scene) => ({ repository: (await scene.repository()).name, tags: ['v1'], expiresAt: null }),
  setTagImmutability: async (scene) => ({ ...(await tagged(scene)), immutable: true }),
  setTagsImmutability: async (scene) => ({
    repository: (await scene.repository()).name,
    tags: ['v1'],
    immutable: true,
  }),
};

/** An application token of somebody. */
export async function applicationTokenOf({ em, vault }: Scene, user: User): Promise<string> {
  const token = em.create(ApplicationToken, {
    ...createToken(vault, 'app', { revealable: true }).stored,
    user,
    title: 'laptop',
  });
  await em.flush();
  return token.id;
}

export const unknownId = (): string => randomUUID();
