import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import type { User } from '@escale/schema/entities';
import {
  buildPermission,
  buildRepository,
  buildUser,
  openTestDatabase,
  type TestDatabase,
} from '@escale/schema/testing';
import {
  atLeast,
  repositoryActions,
  repositoryRoles,
  roleFor,
  type RepositoryAction,
  type RepositoryName,
} from '@escale/schema/values';
import { contextFor } from '../testing/domain-test.ts';
import { grantScopes } from './grant-scope.ts';
import type { Grant, Principal } from './principal.ts';
import { checkAction, limitCovers, requireAction } from './require-role.ts';

const names = ['acme/a', 'acme/b', 'acme/c'] as RepositoryName[];
const ids = ['id-1', 'id-2', 'id-3'];
const actions = fc.subarray([...repositoryActions]);
const grant: fc.Arbitrary<Grant> = fc.record({
  name: fc.constantFrom(...names),
  repositoryId: fc.constantFrom(...ids),
  actions,
});
const repository = fc.record({
  id: fc.constantFrom(...ids),
  name: fc.constantFrom(...names),
  role: fc.option(fc.constantFrom(...repositoryRoles), { nil: undefined }),
});

const limitedTo = (grants: readonly Grant[]): Principal => ({
  kind: 'user',
  id: 'user',
  namespaceId: 'namespace',
  name: 'alice',
  isAdministrator: false,
  credential: { kind: 'session' },
  limit: { issuedAt: new Date(0), grants },
});

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
});
afterAll(() => database.close());

test('what is allowed lies in the role and in the token, for the token’s repository alone (T2, 10,000 worlds)', async () => {
  const ctx = contextFor(database.orm.em);
  await fc.assert(
    fc.asyncProperty(
      fc.array(grant, { maxLength: 4 }),
      repository,
      fc.constantFrom(...repositoryActions),
      async (grants, { id, name, role }, action) => {
        const principal = limitedTo(grants);
        const there = {
          ...{ id, name, role, namespaceId: 'namespace', namespace: 'acme', visibility: 'private' as const },
          ...{ createdBy: 'user:other', createdAt: new Date(1) },
        };
        const byRole = atLeast(role, roleFor[action]);
        const byToken = grants.some((one) => one.repositoryId === id && one.actions.includes(action));
        expect(limitCovers(principal, there, action)).toBe(byToken);
        // Too low a role asks the database who could grant more; the ladder test does that.
        if (!byRole && role !== undefined) return;
        const asked = checkAction({ ...ctx, principal }, name, there, action);
        if (byRole && byToken) await expect(asked).resolves.toBe(there);
        else await expect(asked).rejects.toMatchObject({ name: 'DomainError' });
      },
    ),
    { numRuns: 10_000 },
  );
});

test('the credential itself and a token exchanged for it allow the same, and a token for less allows that alone', async () => {
  const em = database.orm.em.fork();
  const world: { user: User; name: RepositoryName }[] = [];
  for (const role of [undefined, ...repositoryRoles]) {
    for (const visibility of ['private', 'public'] as const) {
      const user = await buildUser(em);
      const made = await buildRepository(em, { visibility });
      if (role) await buildPermission(em, made, user, role);
      world.push({ user, name: made.name });
    }
  }
  const may = async (user: User, name: RepositoryName, action: RepositoryAction, grants?: readonly Grant[]) => {
    const ctx = contextFor(database.orm.em, user);
    const limit = grants && { issuedAt: new Date(), grants };
    const principal = { ...ctx.principal, ...(limit && { limit }) } as Principal;
    return requireAction({ ...ctx, principal }, name, action).then(
      () => true,
      () => false,
    );
  };
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...world), actions, async ({ user, name }, asked) => {
      const grants = await grantScopes(contextFor(database.orm.em, user), [
        { kind: 'repository', name, actions: asked },
      ]);
      for (const action of repositoryActions) {
        const byItself = await may(user, name, action);
        expect(await may(user, name, action, grants)).toBe(byItself && asked.includes(action));
      }
    }),
    { numRuns: 150 },
  );
});
