import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createApplicationToken, revealApplicationToken } from '@escale/domain/application-tokens';
import { deleteManifest } from '@escale/domain/content';
import type { Context } from '@escale/domain/context';
import { createVault, userPrincipal, type Vault } from '@escale/domain/credentials';
import { readReport } from '@escale/domain/garbage';
import type { User } from '@escale/schema/entities';
import { buildUser } from '@escale/schema/testing';
import type { TagName } from '@escale/schema/values';
import { createLogger } from '@escale/server-kit/logger';
import type { Counters } from '../counters.ts';
import { day, text } from '../testing/collection.ts';
import { StorageBench } from '../testing/storage-bench.ts';
import { jobs } from './jobs.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseServerUrl: string;
  }
}

let bench: StorageBench;
beforeAll(async () => {
  bench = await StorageBench.open(inject('databaseServerUrl'));
});
afterAll(() => bench.close());

const key = (fill: number) => Buffer.alloc(32, fill);
const contextOf = (user: User, vault: Vault): Context => ({
  em: bench.database.orm.em.fork(),
  principal: userPrincipal(user, { kind: 'session', signedInAt: new Date() }),
  now: new Date(),
  vault,
  client: {},
});
const run = (name: keyof typeof jobs, vault: Vault, counters?: Counters) =>
  jobs[name].run({
    ...bench.parts,
    vault,
    logger: createLogger({ level: 'error' }),
    signal: new AbortController().signal,
    ...(counters && { counters }),
  });
const person = () => buildUser(bench.database.orm.em.fork());

test('what a former key has sealed is sealed anew, so that the key can be taken away', async () => {
  const user = await person();
  const { plain, applicationToken } = await createApplicationToken(contextOf(user, createVault(key(1))), {
    title: 'ci',
  });
  await run('rewrap-secrets', createVault(key(2), [key(1)]));
  const shown = await revealApplicationToken(contextOf(user, createVault(key(2))), { id: applicationToken.id });
  expect(shown.plain).toBe(plain);
});

test('usage log entries that are kept no longer are deleted, and the others are not', async () => {
  await createApplicationToken(contextOf(await person(), createVault(key(1))), { title: 'old' });
  const all = await bench.rows('select id from usage_log_entries order by at, id');
  expect(all.length).toBeGreaterThan(1);
  await bench.rows(
    `update usage_log_entries set at = now() - interval '31 days' where id = (select max(id::text)::uuid from usage_log_entries)`,
  );
  await bench.rows(`insert into registry_settings (id, time_machine_choices, time_machine_seconds, organization_creation, log_retention_days, changed_at)
    values ('registry', '[0]', 0, 'everyone', 30, now())`);
  await run('purge-usage', createVault(key(1)));
  expect(await bench.rows('select id from usage_log_entries')).toHaveLength(all.length - 1);
});

test('a run of the collector is counted with the bytes that it freed', async () => {
  const repository = await bench.repository();
  const tag = '1' as TagName;
  await bench.pushImage(repository, { blobs: [text('config'), text('layer')], tag });
  await deleteManifest(bench.ctx(), repository, { kind: 'tag', tag });
  const counted: [string, number][] = [];
  const counters = countingRuns((result, bytes) => counted.push([result, bytes]));
  const reported: [string, number][] = [];
  for (let month = 0; month < 3; month += 1) {
    await bench.pass(30 * day);
    await run('collect-garbage', createVault(key(1)), counters);
    const report = await readReport({ em: bench.database.orm.em.fork() });
    reported.push(['done', report?.bytesFreed ?? -1]);
  }
  expect(counted).toEqual(reported);
  expect(Math.max(...counted.map(([, bytes]) => bytes))).toBeGreaterThan(0);
});

const ignored = () => undefined;
const countingRuns = (garbageRun: Counters['garbageRun']): Counters => ({
  manifestPulled: ignored,
  manifestPushed: ignored,
  blobUploaded: ignored,
  loginFailed: ignored,
  jobFailed: ignored,
  garbageRun,
});
