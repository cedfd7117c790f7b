import { Robot, User } from '@escale/schema/entities';
import { highestRole, type RepositoryRole } from '@escale/schema/values';
import type { AccessReason } from '../access/find-accessible.ts';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { pageSize, readCursor, writeCursor, type Page, type PageInput } from '../page.ts';

/** Somebody who may do something on a repository without its being public, and why. */
export interface EffectivePermission {
  readonly principal: User | Robot;
  /** The highest of the reasons. */
  readonly role: RepositoryRole;
  readonly reasons: readonly AccessReason[];
}

/** The rule of rights (`access/find-accessible.ts`) for everybody at once, over one repository; `$r` its id, `$n` its namespace's. */
const holders = `
  select u.id, n.name, 'user' as who, 'OWNER' as kind, 'admin' as role, null as through
    from users u join namespaces n on n.id = u.namespace_id where u.namespace_id = $n
  union all
  select coalesce(u.id, b.id), coalesce(un.name, bn.name || '+' || b.name), case when u.id is null then 'robot' else 'user' end,
         g.kind, g.role, g.through
    from (
      select p.user_id, p.robot_id, 'DIRECT' as kind, p.role, null as through
        from permissions p where p.repository_id = $r and p.team_id is null
      union all
      select m.user_id, m.robot_id, 'TEAM', p.role, ns.name || '/' || t.name
        from permissions p join teams t on t.id = p.team_id join team_memberships m on m.team_id = t.id
        join organizations o on o.id = t.organization_id join namespaces ns on ns.id = o.namespace_id
        where p.repository_id = $r
      union all
      select m.user_id, m.robot_id, 'ORGANIZATION_ADMIN', 'admin', ns.name || '/' || t.name
        from organizations o join namespaces ns on ns.id = o.namespace_id
        join teams t on t.organization_id = o.id join team_memberships m on m.team_id = t.id
        where o.namespace_id = $n and t.role = 'admin'
    ) g
    left join users u on u.id = g.user_id left join namespaces un on un.id = u.namespace_id
    left join robots b on b.id = g.robot_id left join namespaces bn on bn.id = b.namespace_id`;

interface Row {
  id: string;
  name: string;
  who: 'user' | 'robot';
  reasons: { kind: AccessReason['kind']; role: RepositoryRole; through: string | null }[];
  total: string;
}

/**
 * Each user and robot with a right on a repository, with the reasons, by login. Registry administrators and the public are not
 * listed: they are not granted here. @throws NAME_UNKNOWN, DENIED below admin
 */
export async function listEffectivePermissions(
  ctx: Context,
  name: string,
  page: PageInput,
): Promise<Page<EffectivePermission>> {
  const repository = await requireRole(ctx, name, 'admin');
  const size = pageSize(page);
  const after = page.after ? readCursor(page.after, [undefined, 'uuid']) : undefined;
  const parameters: unknown[] = [];
  const sql = holders.replace(/\$[rn]/g, (mark) => {
    parameters.push(mark === '$r' ? repository.id : repository.namespaceId);
    return '?';
  });
  const rows = await ctx.em.execute<Row[]>(
    `select * from (
       select id, name collate "C" as name, who, json_agg(json_build_object('kind', kind, 'role', role, 'through', through)) as reasons,
              count(*) over () as total
         from (${sql}) held group by id, name, who
     ) everybody ${after ? 'where (name, id) > (?, ?::uuid)' : ''} order by name, id limit ?`,
    [...parameters, ...(after ?? []), size + 1],
  );
  const shown = rows.slice(0, size);
  const ids = (who: Row['who']) => shown.filter((row) => row.who === who).map(({ id }) => id);
  const users = await ctx.em.find(User, { id: { $in: ids('user') } });
  const robots = await ctx.em.find(Robot, { id: { $in: ids('robot') } });
  const principals = new Map<string, User | Robot>([...users, ...robots].map((one) => [one.id, one]));
  const items = shown.flatMap(({ id, reasons }) => {
    const principal = principals.get(id);
    const role = highestRole(reasons.map((reason) => reason.role));
    return principal && role ? [{ principal, role, reasons: reasons.map(toReason) }] : [];
  });
  const cursors = shown.map((row) => writeCursor([row.name, row.id]));
  const endCursor = cursors.at(-1);
  return {
    items,
    cursors,
    totalCount: Number(rows[0]?.total ?? 0),
    hasNextPage: rows.length > size,
    ...(endCursor !== undefined && { endCursor }),
  };
}

function toReason({ kind, role, through }: Row['reasons'][number]): AccessReason {
  return { kind, role, ...(through !== null && { through }) };
}
