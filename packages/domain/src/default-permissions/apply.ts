import { createHash } from 'node:crypto';
import { IsolationLevel } from '@mikro-orm/core';
import { v7 } from 'uuid';
import { Repository, Robot, Team, User, type DefaultPermission, type Organization } from '@escale/schema/entities';
import { executePrepared } from '@escale/schema/orm';
import { atLeast, type RepositoryName, type RepositoryRole } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { preconditionFailed } from '../errors.ts';
import { inTransaction } from '../in-transaction.ts';
import { requireOrganization } from '../namespaces/require-organization.ts';
import { onConflict } from '../on-conflict.ts';
import { usageRow } from '../usage-logs/record.ts';
import { writeUsage } from '../usage-logs/write-usage.ts';
import { applicableRules, rulesOf, type Creator } from './applicable.ts';

/** One permission that applying would add, or raise. */
export interface AppliedPermission {
  readonly repository: Repository;
  readonly grantee: User | Robot | Team;
  readonly role: RepositoryRole;
  /** What the grantee has of its own there now. */
  readonly before: RepositoryRole | undefined;
}

export interface Applied {
  /** The first thousand, by the name of the repository. */
  readonly changes: readonly AppliedPermission[];
  readonly totalCount: number;
  /** Names exactly these changes; applying takes it, and refuses when they are no longer the same. */
  readonly effect: string;
  readonly applied: boolean;
}

/** Repositories that are looked at together: an organization may have any number of them. */
const pageSize = 1000;
/** Changes that one answer lists. */
const listedAtMost = 1000;

/**
 * Gives existing repositories what the default permissions would have given them. Adds what is missing and raises what is lower;
 * never lowers or takes anything. Without `effect` nothing is done and the changes are listed; with the `effect` of such a list
 * exactly those changes are made, all or none.
 * @throws NOT_FOUND, DENIED below admin; PRECONDITION_FAILED when the changes are others by now
 */
export async function applyDefaultPermissions(
  ctx: Context,
  { organization: name, effect }: { organization: string; effect?: string | null | undefined },
): Promise<Applied> {
  const organization = await requireOrganization(ctx, name, 'admin');
  const rules = await rulesOf(ctx, organization.id);
  // Both readings, and what is written, are of one moment.
  return onConflict(changedMeanwhile, () =>
    inTransaction(
      ctx,
      async (inner) => {
        const { listed, ...found } = await effectOf(inner, organization, rules);
        if (effect && effect !== found.effect) throw changedMeanwhile();
        if (effect) for await (const page of changesOf(inner, organization, rules)) await makeChanges(inner, page);
        return { ...found, changes: await withRepositories(inner, listed), applied: Boolean(effect) };
      },
      { isolationLevel: IsolationLevel.REPEATABLE_READ },
    ),
  );
}

const changedMeanwhile = () =>
  preconditionFailed('repositories, permissions or default permissions changed meanwhile; look at the list again');

/** What applying needs to know of a repository. */
interface RepositoryRow {
  readonly id: string;
  readonly name: RepositoryName;
  readonly created_by: string;
}

interface Change extends Omit<AppliedPermission, 'repository'> {
  readonly repository: RepositoryRow;
}

/** Page by page, by the name of the repository. */
async function* changesOf(
  ctx: Context,
  { namespace }: Organization,
  rules: readonly DefaultPermission[],
): AsyncGenerator<Change[]> {
  if (rules.length === 0) return;
  for (let after = ''; ;) {
    const repositories = await ctx.em.execute<RepositoryRow[]>(
      `select r.id, r.name, r.created_by from repositories r
         where r.namespace_id = ? and r.name > ? and r.deleted_at is null order by r.name limit ?`,
      [namespace.id, after, pageSize],
    );
    const held = await rolesHeldOn(
      ctx,
      repositories.map(({ id }) => id),
    );
    yield repositories.flatMap((repository) =>
      applicableRules(rules, creatorOf(repository.created_by)).flatMap(({ grantee, role }) => {
        const before = held.get(`${repository.id} ${grantee.id}`);
        return atLeast(before, role) ? [] : [{ repository, grantee, role, before }];
      }),
    );
    const last = repositories.at(-1);
    if (!last || repositories.length < pageSize) return;
    after = last.name;
  }
}

/** By repository and grantee, both by id. */
async function rolesHeldOn(ctx: Context, repositories: readonly string[]): Promise<Map<string, RepositoryRole>> {
  const rows = await executePrepared<{ repository_id: string; grantee: string; role: RepositoryRole }>(
    ctx.em,
    `select p.repository_id, coalesce(p.user_id, p.robot_id, p.team_id) as grantee, p.role
       from permissions p where p.repository_id = any (?::uuid[])`,
    [repositories],
  );
  return new Map(rows.map((row) => [`${row.repository_id} ${row.grantee}`, row.role]));
}

async function effectOf(
  ctx: Context,
  organization: Organization,
  rules: readonly DefaultPermission[],
): Promise<{ effect: string; totalCount: number; listed: readonly Change[] }> {
  const hash = createHash('sha256');
  const listed: Change[] = [];
  let totalCount = 0;
  for await (const changes of changesOf(ctx, organization, rules)) {
    for (const { repository, grantee, role, before } of changes)
      hash.update(`${repository.id} ${grantee.id} ${role} ${before ?? ''}\n`);
    listed.push(...changes.slice(0, listedAtMost - listed.length));
    totalCount += changes.length;
  }
  return { effect: hash.digest('base64url'), totalCount, listed };
}

const addPermissions = `
  insert into permissions (id, repository_id, user_id, robot_id, team_id, role, created_at)
  select * from unnest(?::uuid[], ?::uuid[], ?::uuid[], ?::uuid[], ?::uuid[], ?::text[], ?::timestamptz[])`;
const raisePermissions = `
  update permissions p set role = c.role from unnest(?::uuid[], ?::uuid[], ?::text[]) as c (repository_id, grantee, role)
    where p.repository_id = c.repository_id and coalesce(p.user_id, p.robot_id, p.team_id) = c.grantee`;

/** One statement for each kind of row, however many there are of it. */
async function makeChanges(ctx: Context, changes: readonly Change[]): Promise<void> {
  const added = changes.filter(({ before }) => before === undefined);
  const raised = changes.filter(({ before }) => before !== undefined);
  const only = (is: (grantee: Change['grantee']) => boolean) =>
    added.map(({ grantee }) => (is(grantee) ? grantee.id : null));
  const repositories = (of: readonly Change[]) => of.map(({ repository }) => repository.id);
  const roles = (of: readonly Change[]) => of.map(({ role }) => role);
  await executePrepared(ctx.em, addPermissions, [
    added.map(() => v7()),
    repositories(added),
    only((grantee) => grantee instanceof User),
    only((grantee) => grantee instanceof Robot),
    only((grantee) => grantee instanceof Team),
    roles(added),
    added.map(() => ctx.now),
  ]);
  const grantees = raised.map(({ grantee }) => grantee.id);
  await executePrepared(ctx.em, raisePermissions, [repositories(raised), grantees, roles(raised)]);
  const entries = changes.map(({ repository, grantee, role, before }) =>
    usageRow(ctx, 'default_permission.applied', {
      repository,
      details: { grantee: grantee.id, role, before: before ?? null },
    }),
  );
  await writeUsage(ctx.em, entries);
}

async function withRepositories(ctx: Context, changes: readonly Change[]): Promise<AppliedPermission[]> {
  const ids = [...new Set(changes.map(({ repository }) => repository.id))];
  const found = await ctx.em.find(Repository, { id: { $in: ids } });
  const byId = new Map(found.map((repository) => [repository.id, repository]));
  return changes.flatMap((change) => {
    const repository = byId.get(change.repository.id);
    return repository ? [{ ...change, repository }] : [];
  });
}

/** `user:<id>` or `robot:<id>`, as a repository remembers who made it. */
function creatorOf(createdBy: string): Creator | undefined {
  const [kind, id] = createdBy.split(':');
  return (kind === 'user' || kind === 'robot') && id !== undefined ? { kind, id } : undefined;
}
