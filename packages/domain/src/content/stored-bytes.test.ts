import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { Namespace, type Repository, type User } from '@escale/schema/entities';
import {
  buildOrganization,
  buildRepository,
  buildUser,
  openTestDatabase,
  type TestDatabase,
} from '@escale/schema/testing';
import type { Context } from '../context.ts';
import { contextFor } from '../testing/domain-test.ts';
import { pushTestImage, pushTestIndex, type PushedTestImage } from '../testing/push-test-image.ts';
import {
  freedByEachTag,
  freedByTags,
  listTagDetails,
  setTag,
  storedByNamespace,
  storedByRepositories,
} from './index.ts';

let database: TestDatabase;
let alice: User;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  alice = await buildUser(database.orm.em.fork(), { name: 'alice' });
});
afterAll(() => database.close());

const ctx = (): Context => contextFor(database.orm.em, alice);

async function freshRepositories(count: number): Promise<{ namespaceId: string; repositories: Repository[] }> {
  const em = database.orm.em.fork();
  const namespaceId = (await buildOrganization(em, { owner: alice })).namespace.id;
  const namespace = await em.findOneOrFail(Namespace, { id: namespaceId });
  const repositories: Repository[] = [];
  for (let made = 0; made < count; made += 1) repositories.push(await buildRepository(em, { namespace }));
  return { namespaceId, repositories };
}

async function freed(repository: Repository): Promise<Record<string, number>> {
  const { items } = await listTagDetails(ctx(), repository.name, { page: { first: 100 } });
  const byId = await freedByEachTag(
    ctx(),
    repository.name,
    items.map(({ id }) => id),
  );
  return Object.fromEntries(items.map(({ id, name }) => [name, byId.get(id) ?? -1]));
}

describe('what deleting gives up', () => {
  test('a tag: what only it keeps; together: also what only they share', async () => {
    const [repository, elsewhere] = (await freshRepositories(2)).repositories as [Repository, Repository];
    const push = (tag: string, layers: string[], where = repository) =>
      pushTestImage(ctx(), where, { tags: [tag], layers, labels: { where: `${tag} ${where.name}` } });
    const a = await push('a', ['only a', 'a and b']);
    const b = await push('b', ['a and b', 'b and elsewhere']);
    await push('c', ['b and elsewhere'], elsewhere);
    expect(await freed(repository)).toEqual({
      a: a.size + a.configSize + 'only a'.length,
      b: b.size + b.configSize + 'b and elsewhere'.length,
    });
    expect(await freedByTags(ctx(), repository.name, ['a', 'b', 'missing'])).toBe(
      a.size + a.configSize + b.size + b.configSize + 'only aa and bb and elsewhere'.length,
    );
    await setTag(ctx(), { repository: repository.name, tag: 'second', digest: a.digest });
    expect(await freed(repository)).toMatchObject({ a: 0, second: 0 });
  });

  test('an index takes its children and their referrers along, unless they have tags of their own', async () => {
    const [repository] = (await freshRepositories(1)).repositories as [Repository];
    const child = await pushTestImage(ctx(), repository, { layers: ['child'], labels: { of: repository.name } });
    const tagged = await pushTestImage(ctx(), repository, { layers: ['tagged'], tags: ['tagged'] });
    const signature = await pushTestImage(ctx(), repository, {
      layers: [`signature ${repository.name}`],
      labels: { of: repository.name },
      subject: child.digest,
    });
    const index = await pushTestIndex(ctx(), repository, [child, tagged], ['index']);
    expect((await freed(repository))['index']).toBe(
      index.size +
        child.size +
        child.configSize +
        'child'.length +
        signature.size +
        signature.configSize +
        `signature ${repository.name}`.length,
    );
  });

  test('is what becomes unreachable in the repository, whatever was pushed there and elsewhere', async () => {
    const layers = fc.uniqueArray(fc.constantFrom('p', 'qq', 'rrrr', 'ssssssss'), { minLength: 1 });
    const image = fc.record({
      place: fc.nat(1),
      layers,
      tag: fc.option(fc.constantFrom('t', 'u', 'v'), { nil: undefined }),
      subjectOf: fc.option(fc.nat(5), { nil: undefined }),
    });
    const index = fc.record({
      place: fc.nat(1),
      of: fc.array(fc.nat(5), { minLength: 1, maxLength: 3 }),
      tag: fc.constantFrom('i', 't'),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.array(image, { minLength: 1, maxLength: 6 }),
        fc.array(index, { maxLength: 2 }),
        async (images, indexes) => {
          const { repositories } = await freshRepositories(2);
          const [left, right] = repositories as [Repository, Repository];
          const repositoryAt = (place: number) => (place === 0 ? left : right);
          const pushed: PushedTestImage[][] = [[], []];
          for (const { place, layers: contents, tag, subjectOf } of images) {
            const repository = repositoryAt(place);
            const subject = subjectOf === undefined ? undefined : pushed[place]?.[subjectOf]?.digest;
            const salted = contents.map((layer) => `${layer} ${left.name}`);
            const one = await pushTestImage(ctx(), repository, {
              layers: salted,
              tags: tag === undefined ? [] : [tag],
              labels: { salt: repository.name },
              ...(subject !== undefined && { subject }),
            });
            pushed[place]?.push(one);
          }
          for (const { place, of, tag } of indexes) {
            const children = of.flatMap((which) => pushed[place]?.[which] ?? []);
            if (children.length > 0) await pushTestIndex(ctx(), repositoryAt(place), children, [tag]);
          }
          for (const repository of repositories) {
            const rows = await readRows([repository]);
            const whole = reachable(rows, () => true);
            const found = await freed(repository);
            for (const [tag, bytes] of Object.entries(found)) {
              const without = reachable(rows, (one) => !(one.repository === repository.id && one.name === tag));
              expect([tag, bytes]).toEqual([tag, whole - without]);
            }
            const names = Object.keys(found);
            expect(await freedByTags(ctx(), repository.name, names)).toBe(
              whole - reachable(rows, (one) => one.repository !== repository.id),
            );
          }
        },
      ),
      { numRuns: 15 },
    );
  });

  test('says nothing about other repositories: the same layer in somebody else’s private one changes no number', async () => {
    const [mine] = (await freshRepositories(1)).repositories as [Repository];
    const labels = { salt: mine.name };
    const secret = `a layer that only one other may have ${mine.name}`;
    await pushTestImage(ctx(), mine, { layers: [secret], labels, tags: ['guess'] });
    const measured = async () => ({
      tag: await freed(mine),
      tags: await freedByTags(ctx(), mine.name, ['guess']),
      repository: (await storedByRepositories(ctx(), [mine.id])).get(mine.id),
      namespace: await storedByNamespace(ctx(), mine.namespace.id),
    });
    const before = await measured();
    expect(before.tag['guess']).toBeGreaterThan(secret.length);
    const em = database.orm.em.fork();
    const bob = await buildUser(em);
    const theirs = await buildRepository(em, {
      namespace: (await buildOrganization(em, { owner: bob })).namespace,
    });
    await pushTestImage(contextFor(em, bob), theirs, { layers: [secret], labels, tags: ['1'] });
    expect(await measured()).toEqual(before);
  });

  test('a repository and a namespace: what they store; what they share counts once', async () => {
    const here = await freshRepositories(2);
    const [one, two] = here.repositories as [Repository, Repository];
    const [other] = (await freshRepositories(1)).repositories as [Repository];
    const labels = { salt: here.namespaceId };
    const a = await pushTestImage(ctx(), one, { layers: ['in one and two!', 'in one alone!!!'], labels });
    const b = await pushTestImage(ctx(), two, { layers: ['in one and two!', 'elsewhere too!!'], labels });
    await pushTestImage(ctx(), other, { layers: ['elsewhere too!!'] });
    expect((await storedByRepositories(ctx(), [one.id])).get(one.id)).toBe(a.size + a.configSize + 30);
    const both = a.size + b.size + a.configSize + b.configSize;
    expect(await storedByNamespace(ctx(), here.namespaceId)).toBe(both + 45);
  });
});

interface Rows {
  readonly tags: { name: string; repository: string; manifest: string }[];
  readonly manifests: { id: string; repository: string; digest: string; subject: string | null; size: number }[];
  readonly children: { parent: string; digest: string }[];
  readonly blobs: { manifest: string; blob: string; size: string }[];
}

async function readRows(repositories: readonly Repository[]): Promise<Rows> {
  const ids = repositories.map(({ id }) => id);
  const inThem = `in (${ids.map(() => '?').join(', ')})`;
  const read = <Row>(sql: string) => ctx().em.execute<Row[]>(sql.replace('in them', inThem), ids);
  return {
    tags: await read(
      'select name, repository_id as repository, manifest_id as manifest from tags where ended_at is null and repository_id in them',
    ),
    manifests: await read(
      'select id, repository_id as repository, digest, subject_digest as subject, size from manifests where repository_id in them',
    ),
    children: await read(
      'select c.parent_id as parent, c.digest from manifest_children c join manifests m on m.id = c.parent_id where m.repository_id in them',
    ),
    blobs: await read(
      'select e.manifest_id as manifest, b.id as blob, b.size from manifest_blobs e join blobs b on b.id = e.blob_id join manifests m on m.id = e.manifest_id where m.repository_id in them',
    ),
  };
}

/** Bytes that the tags lead to: the plain walk that the SQL is compared with. */
function reachable({ tags, manifests, children, blobs }: Rows, keeps: (tag: Rows['tags'][number]) => boolean): number {
  const seen = new Set<string>();
  const waiting = tags.filter(keeps).map(({ manifest }) => manifest);
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    const manifest = manifests.find((one) => one.id === id);
    if (!manifest || seen.has(id)) continue;
    seen.add(id);
    const below = new Set(children.filter(({ parent }) => parent === id).map(({ digest }) => digest));
    for (const one of manifests) {
      if (one.repository === manifest.repository && (below.has(one.digest) || one.subject === manifest.digest))
        waiting.push(one.id);
    }
  }
  const sizes = new Map(
    blobs.filter(({ manifest }) => seen.has(manifest)).map(({ blob, size }) => [blob, Number(size)]),
  );
  const payloads = manifests.filter(({ id }) => seen.has(id)).reduce((sum, { size }) => sum + size, 0);
  return payloads + [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
