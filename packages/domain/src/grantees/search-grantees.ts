import { Robot, Team, User } from '@escale/schema/entities';
import { teamAtLeast } from '@escale/schema/values';
import { namespaceRole } from '../access/namespace-role.ts';
import type { Context } from '../context.ts';
import { denied, notFound, unauthorized } from '../errors.ts';
import { Namespace } from '@escale/schema/entities';
import { pageSize } from '../page.ts';

export type GranteeKind = 'user' | 'robot' | 'team';

/**
 * What the box offers in which one types a name to grant something: users whose name begins so, robots and teams of this
 * namespace. The exact name comes first. For those who may grant something there: its members, and admins of one of its
 * repositories.
 * @throws UNAUTHORIZED, NOT_FOUND, DENIED
 */
export async function searchGrantees(
  ctx: Context,
  input: {
    readonly organization: string;
    readonly text: string;
    readonly kinds?: readonly GranteeKind[] | null | undefined;
    readonly first?: number | null | undefined;
  },
): Promise<(User | Robot | Team)[]> {
  const namespace = await requireGranting(ctx, input.organization);
  const kinds = new Set(input.kinds ?? ['user', 'robot', 'team']);
  const limit = pageSize({ first: input.first ?? 10 });
  const text = input.text.trim().toLowerCase().slice(0, 255);
  const [, afterPlus] = text.split('+');
  const pattern = `${likeText(text)}%`;
  const found: { id: string; kind: GranteeKind; name: string }[] = [];
  const add = async (kind: GranteeKind, sql: string, parameters: unknown[]) => {
    if (!kinds.has(kind)) return;
    const rows = await ctx.em.execute<{ id: string; name: string }[]>(`${sql} order by name limit ?`, [
      ...parameters,
      limit,
    ]);
    found.push(...rows.map((row) => ({ ...row, kind })));
  };
  await add(
    'user',
    `select u.id, n.name from users u join namespaces n on n.id = u.namespace_id
       where u.disabled_at is null and n.id <> ? and n.name like ?`,
    [namespace.id, pattern],
  );
  await add('robot', `select b.id, b.name from robots b where b.namespace_id = ? and b.name like ?`, [
    namespace.id,
    afterPlus === undefined ? pattern : `${likeText(afterPlus)}%`,
  ]);
  await add(
    'team',
    `select t.id, t.name from teams t join organizations o on o.id = t.organization_id
       where o.namespace_id = ? and t.name like ?`,
    [namespace.id, pattern],
  );
  const exact = (name: string) => (name === text || name === afterPlus ? 0 : 1);
  const first = found.toSorted((a, b) => exact(a.name) - exact(b.name) || (a.name < b.name ? -1 : 1)).slice(0, limit);
  return load(ctx, first);
}

async function load(
  ctx: Context,
  found: readonly { id: string; kind: GranteeKind }[],
): Promise<(User | Robot | Team)[]> {
  const ids = (kind: GranteeKind) => found.filter((one) => one.kind === kind).map(({ id }) => id);
  const users = await ctx.em.find(User, { id: { $in: ids('user') } });
  const robots = await ctx.em.find(Robot, { id: { $in: ids('robot') } });
  const teams = await ctx.em.find(Team, { id: { $in: ids('team') } }, { populate: ['organization'] });
  const all = new Map([...users, ...robots, ...teams].map((one) => [one.id, one]));
  return found.flatMap(({ id }) => all.get(id) ?? []);
}

async function requireGranting(ctx: Context, name: string): Promise<Namespace> {
  const { principal } = ctx;
  if (principal.kind === 'anonymous') throw unauthorized('sign in first');
  const namespace = await ctx.em.findOne(Namespace, { name, deletedAt: null });
  if (!namespace) throw notFound(`the organization ${name.slice(0, 255)}`, 'organization');
  if (teamAtLeast(await namespaceRole(ctx, namespace.id), 'member')) return namespace;
  const member = principal.kind === 'user' ? 'user_id' : 'robot_id';
  const rows = await ctx.em.execute<unknown[]>(
    `select 1 from permissions p join repositories r on r.id = p.repository_id
       where r.namespace_id = ? and r.deleted_at is null and p.role = 'admin' and p.${member} = ? limit 1`,
    [namespace.id, principal.kind === 'system' ? '' : principal.id],
  );
  if (rows.length > 0) return namespace;
  throw denied(`grantees of ${name} are shown to its members, and to admins of its repositories`);
}

/** A text that `like` takes as it is. */
export function likeText(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&').replaceAll('\0', '');
}
