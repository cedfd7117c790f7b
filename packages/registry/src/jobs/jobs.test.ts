import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { createApplicationToken, revealApplicationToken } from '@escale/domain/application-tokens';
import type { Context } from '@escale/domain/context';
import { createVault, userPrincipal, type Vault } from '@escale/domain/credentials';
import type { User } from '@escale/schema/entities';
import { buildUser } from '@escale/schema/testing';
import { createLogger } from '@escale/server-kit/logger';
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
const run = (name: keyof typeof jobs, vault: Vault) =>
  jobs[name].run({
    ...bench.parts,
    vault,
    logger: createLogger({ level: 'error' }),
    signal: new AbortController().signal,
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
