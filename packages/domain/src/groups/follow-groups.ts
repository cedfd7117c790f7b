import { User } from '@escale/schema/entities';
import { tryInTurn } from '@escale/schema/orm';
import type { Context } from '../context.ts';
import { allowsGroup } from './allowed-groups.ts';
import { applyGroups } from './apply-groups.ts';
import { checkPeople } from './check-people.ts';
import { DirectoryUnavailable, type Directory } from './directory.ts';

/** Of which provider, and which group administers the registry. */
export interface GroupsToFollow {
  readonly directory: Directory;
  readonly issuer: string;
  readonly adminGroup: string;
}

/** What a look came to. */
export interface GroupsFollowed {
  readonly groups: number;
  /** People of whom something changed. */
  readonly changed: number;
  /** People whom the provider no longer lets sign in, and who are suspended for it. */
  readonly suspended: number;
  /** Groups and people that could not be read, in words; they stay as they are until the next run. */
  readonly failures: readonly string[];
}

/**
 * Looks at every group that a team follows, and at the administrators', and makes of everybody what the provider says now: so a
 * right ends with the group, without a sign-in. A list of members only says whom to ask about; what is done to a person follows
 * from the groups of that person alone, so a list that was cut short, or that changed between two of its pages, takes nothing away.
 * @param options.signal ends the look between two people
 * @returns undefined while another process looks
 */
export async function followGroups(
  ctx: Context,
  follow: GroupsToFollow,
  { signal }: { signal?: AbortSignal } = {},
): Promise<GroupsFollowed | undefined> {
  // One process of an installation looks at a time.
  return tryInTurn(ctx, 'following groups', () => look({ ...ctx, em: ctx.em.fork() }, follow, signal));
}

async function look(ctx: Context, follow: GroupsToFollow, signal: AbortSignal | undefined): Promise<GroupsFollowed> {
  const { directory, issuer, adminGroup } = follow;
  const groups = await followedGroups(ctx, adminGroup);
  const failures: string[] = [];
  const doubtful = new Set<string>();
  for (const [group, teams] of groups) {
    if (signal?.aborted) break;
    try {
      const members = await directory.membersOf(group, signal);
      for (const id of await differing(ctx, { group, teams, members, issuer, adminGroup })) doubtful.add(id);
    } catch (error) {
      const { message, isReachable } = requireUnavailable(error);
      failures.push(isReachable ? `${group}: ${message}` : message);
      if (!isReachable) break;
    }
  }
  let changed = 0;
  for (const id of doubtful) {
    if (signal?.aborted) break;
    try {
      const own = { ...ctx, em: ctx.em.fork() };
      const user = await own.em.findOneOrFail(User, { id });
      const now = await directory.groupsOf(user.subject, signal);
      if (await applyGroups(own, user, { groups: now, isAdministrator: now.includes(adminGroup) })) changed += 1;
    } catch (error) {
      const { message, isReachable } = requireUnavailable(error);
      failures.push(message);
      if (!isReachable) break;
    }
  }
  const checked = await checkPeople(ctx, { directory, issuer }, signal);
  failures.push(...checked.failures);
  return { groups: groups.size, changed, suspended: checked.suspended, failures: [...new Set(failures)] };
}

/** Every followed group, with the ids of the teams that may get people by it. Those whose group is not allowed only lose people. */
async function followedGroups({ em }: Context, adminGroup: string): Promise<Map<string, string[]>> {
  const rows = await em.execute<{ id: string; name: string; allowed: string[] | null }[]>(
    `select t.id, t.synced_group as name, o.allowed_groups as allowed from teams t
       join organizations o on o.id = t.organization_id join namespaces n on n.id = o.namespace_id
       where t.synced_group is not null and n.deleted_at is null`,
  );
  const groups = new Map<string, string[]>([[adminGroup, []]]);
  for (const { id, name, allowed } of rows) {
    const teams = groups.get(name) ?? [];
    groups.set(name, allowsGroup(allowed, name) ? [...teams, id] : teams);
  }
  return groups;
}

/** Users who are here what the list does not say, or are not here what it says. */
async function differing(
  { em }: Context,
  listed: { group: string; teams: readonly string[]; members: readonly string[]; issuer: string; adminGroup: string },
): Promise<string[]> {
  const { group, teams, members, issuer, adminGroup } = listed;
  const rows = await em.execute<{ id: string }[]>(
    `with listed as (select jsonb_array_elements_text(?::jsonb) as subject),
          known as (select u.id, u.is_administrator, l.subject is not null as listed
                      from users u left join listed l on l.subject = u.subject where u.issuer = ?)
     select k.id from known k where ? = ? and k.is_administrator <> k.listed
     union
     select k.id from known k join teams t on t.synced_group = ?
         join organizations o on o.id = t.organization_id join namespaces n on n.id = o.namespace_id and n.deleted_at is null
         left join team_memberships m on m.team_id = t.id and m.user_id = k.id
       where (k.listed and m.id is null and t.id = any (?::uuid[])) or (not k.listed and m.synced)`,
    [JSON.stringify(members), issuer, group, adminGroup, group, `{${teams.join(',')}}`],
  );
  return rows.map(({ id }) => id);
}

/** What else goes wrong is not the provider's. */
function requireUnavailable(error: unknown): DirectoryUnavailable {
  if (error instanceof DirectoryUnavailable) return error;
  throw error;
}
