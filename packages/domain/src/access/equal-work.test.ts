import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { User } from '@escale/schema/entities';
import {
  buildOrganization,
  buildRepository,
  buildUser,
  openTestDatabase,
  type TestDatabase,
} from '@escale/schema/testing';
import type { RepositoryName } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { repositoryForPush, repositoryOrItsPlace } from '../repositories/create-repository.ts';
import { findRepository } from '../repositories/find-repository.ts';
import { contextFor } from '../testing/domain-test.ts';
import { findAccessible } from './find-accessible.ts';
import { grantScopes } from './grant-scope.ts';
import { requireRole } from './require-role.ts';

/** A refusal takes the same statements for a private repository as for a missing one: its time tells nothing. */
let database: TestDatabase;
let outsider: User;
const hidden = 'acme/hidden' as RepositoryName;
const missing = 'acme/missing' as RepositoryName;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  const em = database.orm.em.fork();
  const owner = await buildUser(em, { name: 'owner' });
  outsider = await buildUser(em, { name: 'outsider' });
  const acme = await buildOrganization(em, { name: 'acme', owner });
  await buildRepository(em, { namespace: acme.namespace, path: 'hidden' });
});
afterAll(() => database.close());

/** Texts of the statements that some work runs, without its values. */
async function statementsOf(work: (ctx: Context) => Promise<unknown>, who: User | undefined): Promise<string[]> {
  const texts: string[] = [];
  database.rewriteStatements((sql) => {
    texts.push(sql);
    return sql;
  });
  const ctx = contextFor(database.orm.em.fork(), who);
  try {
    await work(ctx).catch(() => undefined);
  } finally {
    database.rewriteStatements(undefined);
  }
  return texts;
}

const asks: Record<string, (name: RepositoryName) => (ctx: Context) => Promise<unknown>> = {
  'a push': (name) => async (ctx) => repositoryForPush(ctx, name, await findAccessible(ctx, name)),
  'a list of referrers': (name) => async (ctx) => repositoryOrItsPlace(ctx, name, await findAccessible(ctx, name)),
  'a token to push': (name) => (ctx) => grantScopes(ctx, [{ kind: 'repository', name, actions: ['pull', 'push'] }]),
  'a token to pull': (name) => (ctx) => grantScopes(ctx, [{ kind: 'repository', name, actions: ['pull'] }]),
  'a page of the console': (name) => (ctx) => findRepository(ctx, name),
  'a change': (name) => (ctx) => requireRole(ctx, name, 'write'),
};

test.each(Object.keys(asks))('%s: the same statements for a private repository and a missing one', async (what) => {
  for (const who of [outsider, undefined]) {
    const [first, second] = [asks[what]?.(hidden), asks[what]?.(missing)];
    if (!first || !second) throw new Error('nothing to ask');
    const statements = await statementsOf(first, who);
    expect(statements.length).toBeGreaterThan(0);
    expect(await statementsOf(second, who)).toEqual(statements);
  }
});
