import { PendingMembership, User, type Team } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { denied, inputInvalid, memberExists, notFound } from '../errors.ts';
import type { Directory } from '../groups/directory.ts';
import { changeMembership, requireOrganization } from '../namespaces/require-organization.ts';
import { onConflict } from '../on-conflict.ts';
import { keysetPage, type Page, type PageInput } from '../page.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { refuseIfSynced } from './change-members.ts';
import { teamOf } from './find-team.ts';
import { foldLogin, isAddress } from './login.ts';

interface PendingInput {
  readonly organization: string;
  readonly team: string;
  /** The user name at the identity provider, which has no `@`, or an e-mail address that is verified there. */
  readonly login: string;
}

/**
 * Lets somebody be in a team who has never signed in: the membership waits for whoever signs in with this user name, or with this
 * verified e-mail address. An address is never looked up here, so nobody learns whose it is by trying.
 * @param directory where the provider can be asked: then the person is known by the provider's own id, and a namesake is not meant
 * @throws NOT_FOUND, DENIED below admin and for a team that follows a group, INPUT_INVALID, MEMBER_EXISTS
 */
export async function addPendingTeamMember(
  ctx: Context,
  { organization: name, team: teamName, login: typed }: PendingInput,
  directory?: Directory,
): Promise<Team> {
  await requireOrganization(ctx, name, 'admin');
  const login = readLogin(typed);
  const subject = directory && (await findSubject(directory, login));
  return changeMembership(ctx, { organization: name, needed: 'admin' }, async (inner, organization) => {
    const team = await teamOf(inner, organization, teamName);
    refuseIfSynced(name, team);
    if (subject === undefined && (await inner.em.count(User, { namespace: { name: login } })) > 0)
      throw inputInvalid('login', `${login} has signed in before: add the user ${login}`);
    const existing = await inner.em.count(PendingMembership, { team: team.id, login });
    if (existing > 0) throw memberExists(login, teamName);
    inner.em.create(PendingMembership, { team, login, subject: subject ?? null });
    recordUsage(inner, 'team.pending_member_added', { namespace: name, details: { team: teamName, login } });
    await onConflict(
      () => memberExists(login, teamName),
      () => inner.em.flush(),
    );
    return team;
  });
}

/** Waits no longer for somebody. @throws NOT_FOUND, DENIED below admin */
export async function removePendingTeamMember(
  ctx: Context,
  { organization: name, team: teamName, login: typed }: PendingInput,
): Promise<Team> {
  return changeMembership(ctx, { organization: name, needed: 'admin' }, async (inner, organization) => {
    const team = await teamOf(inner, organization, teamName);
    const login = typed.trim().toLowerCase();
    const removed = await inner.em.nativeDelete(PendingMembership, { team: team.id, login });
    if (removed === 0) throw notFound(`somebody ${login.slice(0, 255)} whom ${name}/${teamName} waits for`, 'login');
    recordUsage(inner, 'team.pending_member_removed', { namespace: name, details: { team: teamName, login } });
    return team;
  });
}

/** Whom a team waits for, by login; for admins of the organization: addresses are among them. @throws DENIED for others */
export async function listPendingMembers(ctx: Context, team: Team, page: PageInput): Promise<Page<PendingMembership>> {
  await ctx.em.populate(team, ['organization']);
  const { name } = team.organization;
  await requireOrganization(ctx, name, 'admin').catch(() => {
    throw denied(`whom ${name}/${team.name} waits for is shown to admins of the organization`);
  });
  return keysetPage(ctx, PendingMembership, {
    from: 'pending_memberships x',
    where: 'x.team_id = ?',
    parameters: [team.id],
    order: [{ sql: 'x.login' }],
    page,
  });
}

function readLogin(typed: string): string {
  const login = typed.trim().toLowerCase();
  // What control characters or spaces are in is neither.
  if (login.length === 0 || login.length > 254 || /[\s\p{Cc}]/u.test(login) || !/^(?:[^@]+|[^@]+@[^@]+)$/.test(login))
    throw inputInvalid('login', 'type a user name or an e-mail address of the identity provider');
  return login;
}

/**
 * The provider's id of the person meant. An address must be the verified one of exactly one person. Undefined while the provider
 * does not answer, or when it knows nobody: then the login counts at the sign-in, by the same rule.
 */
async function findSubject(directory: Directory, login: string): Promise<string | undefined> {
  const found = await directory.search(login, 20).catch(() => []);
  const meant = found.filter(({ username, email, emailVerified }) =>
    isAddress(login)
      ? emailVerified === true && email !== undefined && foldLogin(email) === login
      : foldLogin(username) === login,
  );
  return meant.length === 1 ? meant[0]?.subject : undefined;
}
