import fc from 'fast-check';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { Repository, type User } from '@escale/schema/entities';
import { buildOrganization, buildRepository, buildUser } from '@escale/schema/testing';
import { clientOf, type RegistryClient } from '../testing/registry-client.ts';
import { openTestRegistry, type TestRegistry } from '../testing/test-registry.ts';

/** T33: pages of names that are parts of each other lose none, repeat none, and come in byte order, also while rows change. */
let registry: TestRegistry;
let owner: User;
let client: RegistryClient;
let nobody: RegistryClient;
beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'));
  const em = registry.database.orm.em.fork();
  owner = await buildUser(em, { name: 'paging' });
  client = clientOf(registry, await registry.applicationToken(owner));
  nobody = clientOf(registry, await registry.applicationToken(await buildUser(em)));
  await client.pushImage('paging/tags', 'seed');
});
afterAll(() => registry.close());

const execute = (sql: string, parameters: unknown[] = []) =>
  registry.database.orm.em.getConnection().execute(sql, parameters);

/** Follows `Link` to the end. @param between runs after each page with the last name seen */
async function pagesOf(path: string, between?: (last: string) => Promise<void>, as = client): Promise<string[][]> {
  const pages: string[][] = [];
  let next: string | undefined = path;
  while (next !== undefined) {
    const { status, text, headers } = await as.send('GET', next);
    expect(status).toBe(200);
    const names = Object.values(JSON.parse(text) as Record<string, string[]>).find(Array.isArray) ?? [];
    pages.push(names);
    next = /^<([^>]+)>; rel="next"$/.exec(headers.get('link') ?? '')?.[1];
    const last = names.at(-1);
    if (next !== undefined && last !== undefined) await between?.(last);
  }
  return pages;
}

const byBytes = (names: Iterable<string>) => [...names].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

const alike = fc.constantFrom('a', 'a-b', 'a.b', 'a_b', 'A', 'aa', 'ab', 'a-', 'a.', 'b', '_', '0', 'Z', 'z');
const tagNames = fc.uniqueArray(
  fc.oneof(
    alike,
    fc.tuple(alike, alike).map(([one, two]) => one + two),
    fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9._-]{0,6}$/),
  ),
  { minLength: 1, maxLength: 24 },
);
const pageSize = fc.integer({ min: 1, max: 7 });

async function setTags(names: readonly string[]): Promise<void> {
  await execute(`delete from tags where repository_id = (select id from repositories where name = 'paging/tags')`);
  await execute(
    `insert into tags (id, repository_id, name, manifest_id, pushed_by, started_at)
       select gen_random_uuid(), m.repository_id, n, m.id, 'test', now() from manifests m
         join repositories r on r.id = m.repository_id and r.name = 'paging/tags'
         cross join jsonb_array_elements_text(?::jsonb) n`,
    [JSON.stringify(names)],
  );
}

test.each(['/v2/paging/tags/tags/list', '/v2/_catalog'])(
  '%s with an empty n or last answers as without it',
  async (path) => {
    const { status, text } = await client.send('GET', path);
    expect(status).toBe(200);
    for (const query of ['n=', 'last=', 'n=&last=', 'last=&n=', 'n'])
      expect([query, (await client.send('GET', `${path}?${query}`)).text]).toEqual([query, text]);
    expect((await client.send('GET', `${path}?n=&last=zzzz`)).text).toContain('[]');
  },
);

test('tags', async () => {
  await fc.assert(
    fc.asyncProperty(tagNames, pageSize, async (names, n) => {
      await setTags(names);
      const pages = await pagesOf(`/v2/paging/tags/tags/list?n=${String(n)}`);
      expect(pages.flat()).toEqual(byBytes(names));
      expect(pages.slice(0, -1).every((page) => page.length === n)).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test('tags, while the last one seen is deleted and others come', async () => {
  await fc.assert(
    fc.asyncProperty(tagNames, pageSize, async (names, n) => {
      await setTags(names);
      const pages = await pagesOf(`/v2/paging/tags/tags/list?n=${String(n)}`, async (last) => {
        await execute(`update tags set ended_at = now() where name = ? and ended_at is null`, [last]);
      });
      expect(pages.flat()).toEqual(byBytes(names));
    }),
    { numRuns: 20 },
  );
});

const part = fc.constantFrom('a', 'a-b', 'a.b', 'a_b', 'aa', 'ab', 'b', '0', 'a__b', 'a--b');
const paths = fc.uniqueArray(
  fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
  { minLength: 1, maxLength: 20 },
);

test('the catalog, at any depth, of what the caller may pull', async () => {
  const em = registry.database.orm.em.fork();
  const organization = await buildOrganization(em, { name: 'hidden' });
  await buildRepository(em, { namespace: organization.namespace, path: 'secret' });
  await fc.assert(
    fc.asyncProperty(paths, pageSize, async (names, n) => {
      await execute(`delete from repositories where name <> 'paging/tags' and name <> 'hidden/secret'`);
      const fork = registry.database.orm.em.fork();
      const whole = names.map((name) => `paging/${name}`);
      for (const [index, name] of whole.entries()) {
        fork.create(Repository, {
          namespace: owner.namespace.id,
          name: name as Repository['name'],
          visibility: index % 3 === 0 ? 'public' : 'private',
          createdBy: 'system:test',
        });
      }
      await fork.flush();
      expect((await pagesOf(`/v2/_catalog?n=${String(n)}`)).flat()).toEqual(byBytes([...whole, 'paging/tags']));
      const open = whole.filter((_, index) => index % 3 === 0);
      expect((await pagesOf(`/v2/_catalog?n=${String(n)}`, undefined, nobody)).flat()).toEqual(byBytes(open));
    }),
    { numRuns: 20 },
  );
});

test('of nobody, the catalog has what is public: with the token that anybody gets', async () => {
  const anyone = clientOf(registry, undefined);
  const { status, headers } = await anyone.send('GET', '/v2/_catalog');
  expect([status, headers.get('www-authenticate')]).toEqual([401, expect.stringContaining('registry:catalog:*')]);
  const { text } = await anyone.send('GET', '/v2/auth?scope=registry:catalog:*');
  const anonymous = clientOf(registry, `Bearer ${(JSON.parse(text) as { token: string }).token}`);
  const names = (await pagesOf('/v2/_catalog', undefined, anonymous)).flat();
  expect(names.length).toBeGreaterThan(0);
  expect(names).toEqual((await pagesOf('/v2/_catalog', undefined, nobody)).flat());
});
