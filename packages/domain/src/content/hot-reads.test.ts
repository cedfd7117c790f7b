import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { ApplicationToken, RobotToken } from '@escale/schema/entities';
import type { EntityManager } from '@escale/schema/orm';
import {
  buildOrganization,
  buildPermission,
  buildRepository,
  buildRobot,
  buildTeam,
  buildUser,
  openTestDatabase,
  type TestDatabase,
} from '@escale/schema/testing';
import type { Digest, RepositoryName, TagName } from '@escale/schema/values';
import { forgetRightsChanges } from '../access/forget-rights-changes.ts';
import type { CredentialReference } from '../credentials/holder.ts';
import { createToken } from '../credentials/stored-secret.ts';
import { contextFor } from '../testing/domain-test.ts';
import { pushTestImage } from '../testing/push-test-image.ts';
import { HotReads } from './hot-reads.ts';

let database: TestDatabase;
/** Asked again and again, so it remembers; a fresh one is asked for the truth. */
let reads: HotReads;
let digest: Digest;
let layer: Digest;
const app = 'acme/app' as RepositoryName;
const credentials: CredentialReference[] = [{ kind: 'anonymous' }];
const ids: Record<'repository' | 'namespace' | 'bob' | 'robot' | 'team' | 'token' | 'robotToken', string> = {} as never;

beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  reads = new HotReads(database.orm);
  const em = database.orm.em.fork();
  const [alice, bob] = [await buildUser(em, { name: 'alice' }), await buildUser(em, { name: 'bob' })];
  const acme = await buildOrganization(em, { name: 'acme', owner: alice });
  const repository = await buildRepository(em, { namespace: acme.namespace, path: 'app' });
  const robot = await buildRobot(em, { namespace: acme.namespace, name: 'ci' });
  const team = await buildTeam(em, { organization: acme, name: 'crew' });
  await buildPermission(em, repository, robot, 'read');
  const { vault } = contextFor(em);
  const token = em.create(ApplicationToken, {
    user: bob,
    title: 'laptop',
    ...createToken(vault, 'app', { revealable: false }).stored,
  });
  const robotToken = em.create(RobotToken, { robot, ...createToken(vault, 'rob', { revealable: false }).stored });
  await em.flush();
  Object.assign(ids, {
    repository: repository.id,
    namespace: acme.namespace.id,
    bob: bob.id,
    robot: robot.id,
    team: team.id,
    token: token.id,
    robotToken: robotToken.id,
  });
  credentials.push(
    { kind: 'application-token', id: token.id },
    { kind: 'robot-token', id: robotToken.id },
    { kind: 'session', id: bob.id },
  );
  digest = (await pushTestImage(contextFor(em, alice), repository, { tags: ['1'], layers: ['layer'] })).digest;
  const rows = await em.execute<{ digest: Digest }[]>('select digest from blobs order by size desc limit 1');
  layer = rows[0]?.digest ?? digest;
});
afterAll(() => database.close());

const tag = (name: string) => ({ kind: 'tag', tag: name as TagName }) as const;

/** Everything that this registry can be asked, as it is answered. */
async function answers(of: HotReads): Promise<unknown[]> {
  const asked = credentials.flatMap((by) => [
    of.repository(by, app),
    of.manifest(by, app, tag('1'), true),
    of.manifest(by, app, { kind: 'digest', digest }, false),
    of.blob(by, app, layer),
  ]);
  const settled = await Promise.allSettled(asked);
  return settled.map((one) => (one.status === 'fulfilled' ? one.value : (one.reason as Error).message));
}

/** Asks often enough that what can be remembered is. */
async function warm(): Promise<void> {
  for (let round = 0; round < 3; round += 1) await answers(reads);
}

const write = (sql: string, ...values: unknown[]) => database.orm.em.fork().execute(sql, values);
const toggled = (table: string, column: string, id: () => string, value = 'now()') => ({
  [`${table}.${column}`]: () =>
    write(`update ${table} set ${column} = case when ${column} is null then ${value} end where id = ?`, id()),
});

/** What somebody may do to the database meanwhile, by whatever way. Each can be done again and again. */
const changes: Readonly<Record<string, () => Promise<unknown>>> = {
  'a permission comes or goes': async () => {
    const gone = await write('delete from permissions where user_id = ? returning id', ids.bob);
    if ((gone as unknown[]).length === 0)
      await write(
        `insert into permissions (id, repository_id, user_id, role, created_at) values (gen_random_uuid(), ?, ?, 'write', now())`,
        ids.repository,
        ids.bob,
      );
  },
  'a permission gets another role': () =>
    write(`update permissions set role = case role when 'read' then 'admin' else 'read' end`),
  'a member comes or goes': async () => {
    const gone = await write('delete from team_memberships where team_id = ? returning id', ids.team);
    if ((gone as unknown[]).length === 0)
      await write(
        'insert into team_memberships (id, team_id, user_id, synced, created_at) values (gen_random_uuid(), ?, ?, false, now())',
        ids.team,
        ids.bob,
      );
  },
  'a team gets another role': () =>
    write(`update teams set role = case role when 'admin' then 'member' else 'admin' end where id = ?`, ids.team),
  'a user is renamed': () =>
    write(
      `update namespaces set name = case name when 'bob' then 'rob' else 'bob' end where kind = 'user' and name <> 'alice'`,
    ),
  'a robot is renamed': () => write(`update robots set name = case name when 'ci' then 'cd' else 'ci' end`),
  'an administrator': () => write('update users set is_administrator = not is_administrator where id = ?', ids.bob),
  ...toggled('users', 'disabled_at', () => ids.bob),
  ...toggled('users', 'suspended_at', () => ids.bob),
  ...toggled('namespaces', 'deleted_at', () => ids.namespace),
  ...toggled('repositories', 'deleted_at', () => ids.repository),
  ...toggled('application_tokens', 'expires_at', () => ids.token, `now() - interval '1 day'`),
  ...toggled('robot_tokens', 'expires_at', () => ids.robotToken, `now() + interval '1 day'`),
  'a repository is opened or closed': () =>
    write(`update repositories set visibility = case visibility when 'public' then 'private' else 'public' end`),
  'a tag ends or begins again': () => write('update tags set ended_at = case when ended_at is null then now() end'),
  'a tag expires or not': () =>
    write(`update tags set expires_at = case when expires_at is null then now() - interval '1 hour' end`),
  'a manifest is deleted or back': () =>
    write('update manifests set deleted_at = case when deleted_at is null then now() end'),
  'a manifest is held': () => write(`update manifests set hold_until = now() + interval '24 hours'`),
  'a blob is damaged or whole': () =>
    write(`update blobs set state = case state when 'live' then 'quarantined' else 'live' end where digest = ?`, layer),
  'old changes are forgotten': async () => {
    await write('insert into rights_changes select from generate_series(1, 150)');
    await forgetRightsChanges({ em: database.orm.em.fork() });
  },
  'nothing of the kind': () => write('update repositories set last_pushed_at = now()'),
};

describe('what is remembered', () => {
  test('is not what a transaction does that has not ended; of two, the one that began first may end last', async () => {
    const [first, second] = [database.orm.em.fork(), database.orm.em.fork()];
    const truth = () => answers(new HotReads(database.orm));
    const demote = (em: EntityManager, id: string) =>
      em.execute(`update permissions set role = 'admin' where robot_id = ?`, [id]);
    await first.begin();
    await first.execute('update users set is_administrator = not is_administrator where id = ?', [ids.bob]);
    await warm();
    const before = await truth();
    expect(await answers(reads)).toEqual(before);
    await second.begin();
    await demote(second, ids.robot);
    await second.commit();
    await warm();
    expect(await answers(reads)).toEqual(await truth());
    await first.commit();
    const after = await answers(reads);
    expect(after).toEqual(await truth());
    expect(after).not.toEqual(before);
  });

  test('is what a look would find, after whatever changes in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.constantFrom(...Object.keys(changes)), { maxLength: 12 }), async (done) => {
        for (const change of done) {
          await warm();
          await changes[change]?.();
          expect(await answers(reads), change).toEqual(await answers(new HotReads(database.orm)));
        }
      }),
      { numRuns: 20 },
    );
  });

  test.each(Object.keys(changes))('%s: seen at once', async (change) => {
    await warm();
    await changes[change]?.();
    expect(await answers(reads)).toEqual(await answers(new HotReads(database.orm)));
  });

  test('is asked for its state alone: rights stay known while something else changes', async () => {
    await warm();
    await write('update repositories set last_pushed_at = now()');
    const names = await namesDuring(() => answers(reads));
    expect(names).toContain('state of rights');
    expect(names.filter((name) => name.startsWith('nothing by'))).toEqual([]);
    expect(names.filter((name) => name.startsWith('manifest by'))).not.toEqual([]);
  });
});

const namesDuring = async (work: () => Promise<unknown>) =>
  (await database.statementsDuring(work)).map(({ name }) => name);

test('every column from which rights are read is watched, and so are rows that come and go', async () => {
  const fresh = new HotReads(database.orm);
  const kinds = ['anonymous', 'application-token', 'api-token', 'robot-token', 'session', 'keycloak-token'] as const;
  const statements = await database.statementsDuring(async () => {
    for (const kind of kinds) await fresh.repository({ kind, id: ids.token }, app).catch(() => undefined);
  });
  const texts = statements.filter(({ name }) => name.startsWith('nothing by')).map(({ text }) => text);
  expect(texts).toHaveLength(kinds.length);
  const read = new Set(texts.flatMap(columnsOf));
  expect(read).toContain('permissions.role');
  const triggers = await write(
    `select c.relname as table, array(select a.attname from pg_attribute a where a.attrelid = c.oid and a.attnum = any (t.tgattr))::text[] as columns,
            t.tgtype & 60 = 60 as whenever, t.tgenabled = 'O' as enabled
       from pg_trigger t join pg_class c on c.oid = t.tgrelid join pg_proc f on f.oid = t.tgfoid
       where f.proname = 'note_rights_change'`,
  );
  // When a row was made never changes.
  const existing = (await write(
    `select table_name || '.' || column_name as column from information_schema.columns where column_name <> 'created_at'`,
  )) as { column: string }[];
  const watched = new Set(
    (triggers as { table: string; columns: string[]; whenever: boolean; enabled: boolean }[]).flatMap((trigger) => {
      expect([trigger.table, trigger.whenever, trigger.enabled]).toEqual([trigger.table, true, true]);
      return trigger.columns.map((column) => `${trigger.table}.${column}`);
    }),
  );
  expect(existing.map(({ column }) => column).filter((column) => read.has(column) && !watched.has(column))).toEqual([]);
});

/** `table.column` of everything that a statement reads. An alias that stands for several tables stands for all of them. */
function columnsOf(text: string): string[] {
  const tables = [...text.matchAll(/\b(?:from|join)\s+\(?(\w+) (\w+)\b/g)];
  return [...text.matchAll(/\b(\w+)\.(\w+)\b/g)].flatMap(([, alias, column = '']) =>
    tables.flatMap(([, table = '', as]) => (as === alias ? [`${table}.${column}`] : [])),
  );
}
