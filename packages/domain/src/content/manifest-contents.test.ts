import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import {
  buildOrganization,
  buildRepository,
  buildUser,
  openTestDatabase,
  type TestDatabase,
} from '@escale/schema/testing';
import type { Digest } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { contextFor } from '../testing/domain-test.ts';
import { pushTestImage } from '../testing/push-test-image.ts';
import { readManifestContents } from './manifest-details.ts';

let database: TestDatabase;
let ctx: Context;
const large: Digest[] = [];
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  const em = database.orm.em.fork();
  const alice = await buildUser(em, { name: 'alice' });
  const acme = await buildOrganization(em, { name: 'acme', owner: alice });
  const repository = await buildRepository(em, { namespace: acme.namespace, path: 'app' });
  ctx = contextFor(em, alice);
  for (let index = 0; index < 5; index += 1) {
    const annotations = { text: `${String(index)}${'x'.repeat(4_000_000)}` };
    large.push((await pushTestImage(ctx, repository, { annotations })).digest);
  }
});
afterAll(() => database.close());

test('contents of manifests are read together up to 16 MiB, and beyond that not at all', async () => {
  expect((await readManifestContents(ctx, 'acme/app', large.slice(0, 4))).size).toBe(4);
  await expect(readManifestContents(ctx, 'acme/app', large)).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    field: 'first',
  });
});

test('one manifest can always be read', async () => {
  for (const digest of large) expect((await readManifestContents(ctx, 'acme/app', [digest])).size).toBe(1);
});
