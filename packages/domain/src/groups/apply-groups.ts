import type { User } from '@escale/schema/entities';
import { v7 } from 'uuid';
import { as, type Context } from '../context.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { allowsGroup } from './allowed-groups.ts';

/** What the groups of the identity provider make of a person here. */
export interface GroupRights {
  /** Full paths of all groups that the person is in now. */
  readonly groups: readonly string[];
  readonly isAdministrator: boolean;
}

/** Somebody came into a team with its group, or left it with it. */
interface TeamChange {
  readonly teamId: string;
  readonly team: string;
  readonly namespace: string;
  readonly group: string | null;
}

/**
 * Makes of a person exactly what the groups say (T11): memberships that come from groups, and whether the registry is theirs to
 * administer. Memberships that people made are not touched. Changes of one person take turns; what changed is in the usage log.
 * @returns whether anything changed
 */
export async function applyGroups(ctx: Context, user: User, rights: GroupRights): Promise<boolean> {
  return inTransaction(ctx, async (inner) => {
    const own = as(inner, { kind: 'system', name: 'identity provider' });
    await own.em.execute('select 1 from users where id = ? for no key update', [user.id]);
    const left = await leaveTeams(own, user, rights.groups);
    const joined = await joinTeams(own, user, rights.groups);
    const note = (change: 'joined' | 'left') => (at: TeamChange) => {
      recordUsage(own, 'team.synced', {
        namespace: at.namespace,
        details: { team: at.team, user: user.username, group: at.group, change },
      });
    };
    left.forEach(note('left'));
    joined.forEach(note('joined'));
    const administrates = await setAdministrator(own, user, rights.isAdministrator);
    return administrates || left.length + joined.length > 0;
  });
}

async function leaveTeams({ em }: Context, user: User, groups: readonly string[]): Promise<TeamChange[]> {
  const kept = groups.length === 0 ? '' : `and (t.synced_group is null or t.synced_group not in (${marks(groups)}))`;
  return em.execute<TeamChange[]>(
    `delete from team_memberships m using teams t join organizations o on o.id = t.organization_id
         join namespaces n on n.id = o.namespace_id
       where t.id = m.team_id and m.user_id = ? and m.synced ${kept}
       returning t.id as "teamId", t.name as team, n.name as namespace, t.synced_group as "group"`,
    [user.id, ...groups],
  );
}

async function joinTeams({ em }: Context, user: User, groups: readonly string[]): Promise<TeamChange[]> {
  if (groups.length === 0) return [];
  const missing = await em.execute<(TeamChange & { group: string; allowed: string[] | null })[]>(
    `select t.id as "teamId", t.name as team, n.name as namespace, t.synced_group as "group", o.allowed_groups as allowed
       from teams t join organizations o on o.id = t.organization_id join namespaces n on n.id = o.namespace_id
       where n.deleted_at is null and t.synced_group in (${marks(groups)})
         and not exists (select 1 from team_memberships m where m.team_id = t.id and m.user_id = ?)`,
    [...groups, user.id],
  );
  const joined: TeamChange[] = [];
  for (const change of missing)
    if (allowsGroup(change.allowed, change.group) && (await join(em, user, change.teamId, true))) joined.push(change);
  return joined;
}

/** Puts a person into a team, unless somebody did at the same moment. @returns whether it was this */
export async function join(em: Context['em'], user: User, teamId: string, synced: boolean): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    `insert into team_memberships (id, team_id, user_id, synced, created_at) values (?, ?, ?, ?, now())
       on conflict do nothing returning id`,
    [v7(), teamId, user.id, synced],
  );
  return rows.length > 0;
}

async function setAdministrator(ctx: Context, user: User, isAdministrator: boolean): Promise<boolean> {
  const changed = await ctx.em.execute<unknown[]>(
    'update users set is_administrator = ? where id = ? and is_administrator <> ? returning id',
    [isAdministrator, user.id, isAdministrator],
  );
  user.isAdministrator = isAdministrator;
  if (changed.length === 0) return false;
  recordUsage(ctx, 'user.administrator_changed', {
    namespace: user.username,
    details: { user: user.username, administrator: isAdministrator },
  });
  return true;
}

const marks = (values: readonly string[]): string => values.map(() => '?').join(', ');
