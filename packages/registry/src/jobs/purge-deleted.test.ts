import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import type { Context } from '@escale/domain/context';
import { createVault } from '@escale/domain/credentials';
import { deleteRepository } from '@escale/domain/repositories';
import type { Repository } from '@escale/schema/entities';
import { buildOrganization, buildRepository } from '@escale/schema/testing';
import { createLogger } from '@escale/server-kit/logger';
import { checkNothingLeaks } from '../testing/protocol-checks.ts';
import { StorageBench } from '../testing/storage-bench.ts';
import { jobs } from './jobs.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseServerUrl: string;
  }
}

let bench: StorageBench;
const day = 24;
const undo = { undoSeconds: 7 * day * 3600 };

beforeAll(async () => {
  bench = await StorageBench.open(inject('databaseServerUrl'));
});
afterAll(() => bench.close());
beforeEach(() => bench.reset());

/** The jobs as the worker runs them. */
const run = async (...names: (keyof typeof jobs)[]) => {
  const vault = createVault(randomBytes(32));
  const signal = new AbortController().signal;
  for (const name of names) {
    await jobs[name].run({ ...bench.parts, vault, logger: createLogger({ level: 'error' }), signal });
  }
};
const daysAgo = (days: number): Context => ({ ...bench.ctx(), now: new Date(Date.now() - days * day * 3_600_000) });

/** A tagged image, a signature of it, and an upload that nobody went on with. */
const fill = async (repository: Repository) => {
  const subject = await bench.pushImage(repository, { blobs: ['config', 'layer'], tag: '1' });
  await bench.pushImage(repository, { blobs: ['signature'], subject });
  await bench.receive(repository, await bench.begin(repository), 'half a layer');
};
const staged = async () => {
  const areas: string[] = [];
  for await (const { upload } of bench.store.listStaged()) areas.push(upload);
  return areas.length;
};
/** Two rounds of everything, with a day of grace between. */
const allJobs = async () => {
  await run('purge-deleted', 'purge-uploads', 'purge-deleted', 'collect-garbage');
  await bench.pass(day + 1);
  await run('purge-uploads', 'collect-garbage');
};

test('the bytes of a deleted repository stay for its undo window, and are gone after it (P5)', async () => {
  const repository = await bench.repository();
  const other = await bench.repository();
  await fill(repository);
  await bench.pushImage(other, { blobs: ['layer'], tag: '1' });
  await deleteRepository(daysAgo(6), { repository: repository.name, confirmName: repository.name }, undo);
  await bench.pass(2 * day);
  await allJobs();
  expect(await bench.keys()).toHaveLength(3);
  await bench.rows(`update repositories set purge_at = purge_at - interval '2 days' where purge_at is not null`);
  await allJobs();
  expect(await bench.rows('select id from repositories')).toEqual([{ id: other.id }]);
  // What another repository has as well is kept for that one.
  expect(await bench.keys()).toHaveLength(1);
  expect(await bench.read(other, bench.digestOf('layer'))).toBe('layer');
  expect(await staged()).toBe(0);
  await checkNothingLeaks(bench);
});

test('so are those of a deleted organization (P5)', async () => {
  const em = bench.database.orm.em.fork();
  const { namespace } = await buildOrganization(em);
  for (const path of ['one', 'two']) await fill(await buildRepository(em, { namespace, path }));
  await bench.rows(
    `update namespaces set deleted_at = now(), purge_at = now() - interval '1 hour' where id = '${namespace.id}'`,
  );
  await bench.pass(2 * day);
  await allJobs();
  expect(await bench.rows(`select id from namespaces where id = '${namespace.id}'`)).toEqual([]);
  expect(await bench.keys()).toEqual([]);
  expect(await staged()).toBe(0);
  await checkNothingLeaks(bench);
});
