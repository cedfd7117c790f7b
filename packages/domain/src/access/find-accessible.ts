import { executePrepared } from '@escale/schema/orm';
import type { RepositoryName, RepositoryRole } from '@escale/schema/values';
import { highestRole } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { isAdministrator, type Principal } from './principal.ts';

/** One reason for which a principal has a role on a repository. */
export interface AccessReason {
  readonly kind: 'OWNER' | 'DIRECT' | 'TEAM' | 'ORGANIZATION_ADMIN' | 'PUBLIC' | 'ADMINISTRATOR';
  readonly role: RepositoryRole;
  /** The team, as `organization/team`, where a team is the reason. */
  readonly through?: string;
}

/** A repository together with what the caller may do there, read in one statement. */
export interface AccessibleRepository {
  readonly id: string;
  readonly name: RepositoryName;
  readonly namespaceId: string;
  readonly namespace: string;
  readonly visibility: 'private' | 'public';
  readonly createdBy: string;
  readonly createdAt: Date;
  /** The highest of the reasons; undefined when there is none: then the caller must not learn that it exists. */
  readonly role: RepositoryRole | undefined;
}

/** The same with every reason, for those who ask why. */
export interface ExplainedRepository extends AccessibleRepository {
  readonly reasons: readonly AccessReason[];
}

interface Row {
  id: string;
  name: RepositoryName;
  namespace_id: string;
  namespace: string;
  visibility: 'private' | 'public';
  created_by: string;
  created_at: Date | string;
  kind: AccessReason['kind'] | null;
  role: RepositoryRole | null;
  through: string | null;
}

/**
 * The rule of rights, in one place: the most of the own namespace, direct permission, each team's permission,
 * the organization's admin teams. No deny rules. Reads the rows at every use, so that no answer is staler than the database.
 * What does not hang on rows of permissions is `standingReasons`.
 * @param me SQL of the id of the user or robot
 * @returns SQL of one row for each reason (kind, role, through), over `repositories r`
 */
export const reasonsOf = (kind: 'user' | 'robot', me: string): string => `
  ${kind === 'user' ? `select 'OWNER' as kind, 'admin' as role, null as through from users u where u.id = ${me} and u.namespace_id = r.namespace_id union all` : ''}
  select 'DIRECT' as kind, p.role, null as through from permissions p where p.repository_id = r.id and p.${kind}_id = ${me}
  union all
  select 'TEAM', p.role, split_part(r.name, '/', 1) || '/' || t.name
    from permissions p join teams t on t.id = p.team_id join team_memberships m on m.team_id = t.id
    where p.repository_id = r.id and m.${kind}_id = ${me}
  union all
  select 'ORGANIZATION_ADMIN', 'admin', split_part(r.name, '/', 1) || '/' || t.name
    from organizations o join teams t on t.organization_id = o.id join team_memberships m on m.team_id = t.id
    where o.namespace_id = r.namespace_id and t.role = 'admin' and m.${kind}_id = ${me}`;

/** The rest of the rule: what follows from who somebody is, and from the repository being public. */
export function standingReasons(principal: Principal, visibility: 'private' | 'public'): AccessReason[] {
  const reasons: AccessReason[] = [];
  if (isAdministrator(principal)) {
    reasons.push({ kind: 'ADMINISTRATOR', role: 'admin' });
  }
  if (visibility === 'public') reasons.push({ kind: 'PUBLIC', role: 'read' });
  return reasons;
}

/** SQL: what was deleted does not exist, though its row stays until it can no longer be restored. */
export const live = 'r.deleted_at is null and n.deleted_at is null';

const columns = `r.id, r.name, r.namespace_id, n.name as namespace, r.visibility, r.created_by, r.created_at`;

/** @returns undefined when there is no such repository; the role is undefined when there is one that the caller may not see */
export async function findAccessible(ctx: Context, name: RepositoryName): Promise<ExplainedRepository | undefined> {
  return (await read(ctx, 'r.name', [name]))[0];
}

/** The same by the repository's id. */
export async function findAccessibleById(ctx: Context, id: string): Promise<ExplainedRepository | undefined> {
  return (await read(ctx, 'r.id', [id]))[0];
}

/** The same for many, in one statement; by id. */
export async function findAccessibleByIds(
  ctx: Context,
  ids: readonly string[],
): Promise<ReadonlyMap<string, ExplainedRepository>> {
  const found = ids.length > 0 ? await read(ctx, 'r.id', ids) : [];
  return new Map(found.map((repository) => [repository.id, repository]));
}

async function read(
  ctx: Context,
  column: 'r.name' | 'r.id',
  values: readonly string[],
): Promise<ExplainedRepository[]> {
  const { principal } = ctx;
  const from = `from repositories r join namespaces n on n.id = r.namespace_id`;
  const where = `where ${column} = any (?::${column === 'r.id' ? 'uuid' : 'text'}[]) and ${live}`;
  let sql = `select ${columns}, null as kind, null as role, null as through ${from} ${where}`;
  let parameters: unknown[] = [values];
  if (principal.kind === 'user' || principal.kind === 'robot') {
    const rule = reasonsOf(principal.kind, '?');
    const uses = rule.split('?').length - 1;
    sql = `select ${columns}, reason.kind, reason.role, reason.through ${from}
      left join lateral (${rule}) reason on true ${where}`;
    parameters = [...Array<string>(uses).fill(principal.id), values];
  }
  const rows = await executePrepared<Row>(ctx.em, sql, parameters);
  const byRepository = new Map<string, [Row, ...Row[]]>();
  for (const row of rows) {
    const others = byRepository.get(row.id);
    if (others) others.push(row);
    else byRepository.set(row.id, [row]);
  }
  return [...byRepository.values()].map((own) => assemble(own[0], own, principal));
}

function assemble(first: Row, rows: readonly Row[], principal: Principal): ExplainedRepository {
  const reasons: AccessReason[] = rows.flatMap(({ kind, role, through }) =>
    kind && role ? [{ kind, role, ...(through !== null && { through }) }] : [],
  );
  reasons.push(...standingReasons(principal, first.visibility));
  return {
    id: first.id,
    name: first.name,
    namespaceId: first.namespace_id,
    namespace: first.namespace,
    visibility: first.visibility,
    createdBy: first.created_by,
    createdAt: new Date(first.created_at),
    role: highestRole(reasons.map(({ role }) => role)),
    reasons,
  };
}
