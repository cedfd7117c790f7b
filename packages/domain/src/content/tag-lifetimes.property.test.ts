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
import type { Digest, TagName } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { contextFor } from '../testing/domain-test.ts';
import { pushTestImage } from '../testing/push-test-image.ts';
import { deleteManifest, deleteTag, restoreTag, setTag, setTagExpiry, setTagImmutability } from './index.ts';

let database: TestDatabase;
let alice: User;
let namespaceId: string;
beforeAll(async () => {
  database = await openTestDatabase(inject('databaseServerUrl'));
  const em = database.orm.em.fork();
  alice = await buildUser(em, { name: 'alice' });
  namespaceId = (await buildOrganization(em, { owner: alice })).namespace.id;
});
afterAll(() => database.close());

const ctx = (): Context => contextFor(database.orm.em, alice);
const images = ['one', 'two', 'three'] as const;
const tags = ['a', 'b'] as const;
type Image = (typeof images)[number];
type TagText = (typeof tags)[number];

/** Everything that changes a tag or its manifest. */
type Act =
  | { readonly kind: 'push'; readonly tag: TagText; readonly image: Image }
  | { readonly kind: 'set'; readonly tag: TagText; readonly image: Image; readonly expected?: Image | undefined }
  | { readonly kind: 'delete' | 'fix' | 'free' | 'expire' | 'keep'; readonly tag: TagText }
  | { readonly kind: 'restore'; readonly tag: TagText; readonly image: Image }
  | { readonly kind: 'deleteDigest'; readonly image: Image };

const tag = fc.constantFrom(...tags);
const image = fc.constantFrom(...images);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('push' as const), tag, image }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('set' as const),
      tag,
      image,
      expected: fc.option(image, { nil: undefined }),
    }),
  },
  { weight: 4, arbitrary: fc.record({ kind: fc.constantFrom('delete', 'fix', 'free', 'expire', 'keep'), tag }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('restore' as const), tag, image }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('deleteDigest' as const), image }) },
);

interface World {
  readonly repository: Repository;
  readonly digests: Readonly<Record<Image, Digest>>;
}

async function newWorld(): Promise<World> {
  const em = database.orm.em.fork();
  const repository = await buildRepository(em, { namespace: await em.findOneOrFail(Namespace, { id: namespaceId }) });
  const digests = {} as Record<Image, Digest>;
  for (const layer of images) digests[layer] = (await pushTestImage(ctx(), repository, { layers: [layer] })).digest;
  return { repository, digests };
}

/** @returns the code of a refusal, or `done` */
async function run({ repository, digests }: World, one: Act): Promise<string> {
  const where = { repository: repository.name, tag: 'tag' in one ? one.tag : '' };
  const doing: Record<Act['kind'], () => Promise<unknown>> = {
    push: () => pushTestImage(ctx(), repository, { tags: [where.tag], layers: ['image' in one ? one.image : ''] }),
    set: () =>
      setTag(ctx(), {
        ...where,
        digest: digests['image' in one ? one.image : 'one'],
        expectedDigest: 'expected' in one && one.expected ? digests[one.expected] : undefined,
      }),
    restore: () => restoreTag(ctx(), { ...where, digest: digests['image' in one ? one.image : 'one'] }),
    delete: () => deleteTag(ctx(), where),
    fix: () => setTagImmutability(ctx(), { ...where, immutable: true }),
    free: () => setTagImmutability(ctx(), { ...where, immutable: false }),
    expire: () => setTagExpiry(ctx(), { ...where, expiresAt: new Date(Date.now() + 3_600_000) }),
    keep: () => setTagExpiry(ctx(), { ...where, expiresAt: null }),
    deleteDigest: () =>
      deleteManifest(ctx(), repository, { kind: 'digest', digest: digests['image' in one ? one.image : 'one'] }),
  };
  try {
    await doing[one.kind]();
    return 'done';
  } catch (error) {
    if (error instanceof DomainError) return error.code;
    throw error;
  }
}

/** What a registry with these rules is, in a few lines: the state that the acts are compared with. */
class Model {
  readonly open = new Map<TagText, { image: Image; immutable: boolean; expires: boolean }>();
  readonly named = new Map<TagText, Set<Image>>(tags.map((name) => [name, new Set<Image>()]));
  readonly hidden = new Set<Image>();

  step(one: Act): string {
    if (one.kind === 'deleteDigest') return this.#deleteDigest(one.image);
    const open = this.open.get(one.tag);
    switch (one.kind) {
      case 'push':
      case 'set':
      case 'restore':
        return this.#move(one);
      case 'delete':
        if (!open) return 'NOT_FOUND';
        if (open.immutable) return 'TAG_IMMUTABLE';
        this.open.delete(one.tag);
        return 'done';
      case 'fix':
        if (!open) return 'NOT_FOUND';
        if (!open.immutable && open.expires) return 'INPUT_INVALID';
        open.immutable = true;
        return 'done';
      case 'free':
        if (!open) return 'NOT_FOUND';
        open.immutable = false;
        return 'done';
      case 'expire':
      case 'keep':
        if (!open) return 'NOT_FOUND';
        if (one.kind === 'keep' && !open.expires) return 'done';
        if (open.immutable) return 'TAG_IMMUTABLE';
        open.expires = one.kind === 'expire';
        return 'done';
    }
  }

  #move(one: Extract<Act, { image: Image; tag: TagText }>): string {
    const open = this.open.get(one.tag);
    const named = this.named.get(one.tag);
    if (one.kind === 'set' && this.hidden.has(one.image)) return 'NOT_FOUND';
    if (one.kind === 'restore' && !named?.has(one.image)) return 'NOT_FOUND';
    if (one.kind === 'set' && one.expected && open?.image !== one.expected) return 'PRECONDITION_FAILED';
    if (open && open.image !== one.image && open.immutable) return 'TAG_IMMUTABLE';
    this.hidden.delete(one.image);
    if (open?.image === one.image) return 'done';
    this.open.set(one.tag, { image: one.image, immutable: false, expires: false });
    named?.add(one.image);
    return 'done';
  }

  #deleteDigest(gone: Image): string {
    if (this.hidden.has(gone)) return 'MANIFEST_UNKNOWN';
    const named = [...this.open].filter(([, open]) => open.image === gone);
    if (named.some(([, { immutable }]) => immutable)) return 'TAG_IMMUTABLE';
    for (const [name] of named) this.open.delete(name);
    this.hidden.add(gone);
    return 'done';
  }
}

const state = async ({ repository, digests }: World) => {
  const nameOf = new Map(Object.entries(digests).map(([key, digest]) => [digest, key]));
  const rows = await ctx().em.execute<{ name: TagName; digest: Digest; immutable: boolean; expires: boolean }[]>(
    `select t.name, m.digest, t.immutable, t.expires_at is not null as expires from tags t join manifests m on m.id = t.manifest_id
       where t.repository_id = ? and t.ended_at is null order by t.name`,
    [repository.id],
  );
  const hidden = await ctx().em.execute<{ digest: Digest }[]>(
    'select digest from manifests where repository_id = ? and deleted_at is not null',
    [repository.id],
  );
  return {
    open: rows.map((row) => [
      row.name,
      { image: nameOf.get(row.digest), immutable: row.immutable, expires: row.expires },
    ]),
    hidden: hidden.map(({ digest }) => nameOf.get(digest)).sort(),
  };
};
const modelled = (model: Model) => ({
  open: [...model.open].sort(([left], [right]) => (left < right ? -1 : 1)).map(([name, open]) => [name, { ...open }]),
  hidden: [...model.hidden].sort(),
});

describe('acts on tags', () => {
  test('one after the other do what the model says, refusals included (D26)', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(act, { minLength: 5, maxLength: 25 }), async (acts) => {
        const world = await newWorld();
        const model = new Model();
        for (const one of acts) expect([one, await run(world, one)]).toEqual([one, model.step(one)]);
        expect(await state(world)).toEqual(modelled(model));
      }),
      { numRuns: 20 },
    );
  });

  test('at the same moment come out as in some order (D25, D26)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(act, { maxLength: 4 }),
        fc.array(act, { minLength: 2, maxLength: 4 }),
        async (before, together) => {
          const world = await newWorld();
          const start = () => {
            const model = new Model();
            for (const one of before) model.step(one);
            return model;
          };
          for (const one of before) await run(world, one);
          const outcomes = await Promise.all(together.map((one) => run(world, one)));
          const found = JSON.stringify({ outcomes, state: await state(world) });
          const legal = orders(together.length).map((order) => {
            const model = start();
            const results: string[] = [];
            for (const place of order) {
              const one = together[place];
              if (one) results[place] = model.step(one);
            }
            return JSON.stringify({ outcomes: results, state: modelled(model) });
          });
          expect(legal).toContain(found);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('by many writers leave one chain: each lifetime begins where the last ended, and the history names every move (D25)', async () => {
    const world = await newWorld();
    const moves = Array.from({ length: 200 }, (_, index) => images[index % 3] ?? 'one');
    const outcomes = await Promise.all(moves.map((one) => run(world, { kind: 'push', tag: 'a', image: one })));
    expect(new Set(outcomes)).toEqual(new Set(['done']));
    const lifetimes = await ctx().em.execute<{ digest: Digest; overlaps: boolean; ended: boolean }[]>(
      `select m.digest, t.ended_at is not null as ended,
              coalesce(t.started_at < lag(t.ended_at) over (order by t.started_at), false) as overlaps
         from tags t join manifests m on m.id = t.manifest_id where t.repository_id = ? order by t.started_at`,
      [world.repository.id],
    );
    expect(lifetimes.filter(({ overlaps }) => overlaps)).toEqual([]);
    expect(lifetimes.map(({ ended }) => ended)).toEqual(lifetimes.map((_, place) => place < lifetimes.length - 1));
    const events = await ctx().em.execute<{ digest: Digest; previous_digest: Digest | null }[]>(
      'select digest, previous_digest from tag_events where repository_id = ? order by at',
      [world.repository.id],
    );
    expect(events.map(({ digest }) => digest)).toEqual(lifetimes.map(({ digest }) => digest));
    expect(events.map(({ previous_digest }) => previous_digest)).toEqual([
      null,
      ...lifetimes.slice(0, -1).map(({ digest }) => digest),
    ]);
  });

  test('conditional moves by many writers: each value is replaced once (D25)', async () => {
    const world = await newWorld();
    await run(world, { kind: 'push', tag: 'a', image: 'one' });
    const swap = (from: Image, to: Image) => run(world, { kind: 'set', tag: 'a', image: to, expected: from });
    const first = await Promise.all(Array.from({ length: 20 }, () => swap('one', 'two')));
    expect(first.filter((outcome) => outcome === 'done')).toHaveLength(1);
    expect(first.filter((outcome) => outcome === 'PRECONDITION_FAILED')).toHaveLength(19);
  });
});

/** All orders of so many things. */
function orders(count: number): number[][] {
  if (count === 0) return [[]];
  return orders(count - 1).flatMap((order) =>
    Array.from({ length: count }, (_, place) => [...order.slice(0, place), count - 1, ...order.slice(place)]),
  );
}
