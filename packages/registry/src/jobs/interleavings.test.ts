import { expect, test } from 'vitest';

/** One digest, two pushers, one collector, and leases that may lapse: small enough to look at every order of steps. */
interface World {
  /** The row in use: which object it names, whether it is promised, whether a manifest lists it. */
  readonly row: { readonly object: number; readonly leased: boolean; readonly listed: boolean } | undefined;
  /** Objects in the store, by generation. */
  readonly objects: readonly number[];
  /** Where each pusher is: it stores bytes, makes the row, (marks it as wanted,) pushes the manifest. */
  readonly pushers: readonly number[];
  /** The object that the collector has decided to delete. */
  readonly doomed: number | undefined;
  readonly collected: boolean;
}

interface Variant {
  /** Row and promise are one step. */
  readonly together: boolean;
  /** The collector decides under the lock, with promise and manifest in view; else from what it saw at first. */
  readonly checks: boolean;
  /** Each upload has an object of its own. */
  readonly generations: boolean;
}

const generation = (variant: Variant, pusher: number): number => (variant.generations ? pusher + 1 : 0);

/** Every world that is one step away. */
function next(world: World, variant: Variant, expiry: boolean): World[] {
  const worlds: World[] = [];
  world.pushers.forEach((at, pusher) => {
    const moved = (to: number, change: Partial<World>) => {
      worlds.push({ ...world, ...change, pushers: world.pushers.map((old, index) => (index === pusher ? to : old)) });
    };
    const object = generation(variant, pusher);
    const { row } = world;
    if (at === 0) moved(1, { objects: [...new Set([...world.objects, object])].sort() });
    // An existing row is adopted; the own object is then superfluous.
    if (at === 1)
      moved(variant.together ? 3 : 2, {
        row: { ...(row ?? { object, listed: false }), leased: variant.together || (row?.leased ?? false) },
      });
    if (at === 2) moved(3, row ? { row: { ...row, leased: true } } : {});
    if (at === 3) moved(row ? 4 : 5, row ? { row: { ...row, listed: true } } : {});
  });
  const { row, doomed } = world;
  if (expiry && row?.leased) worlds.push({ ...world, row: { ...row, leased: false } });
  if (!world.collected && doomed === undefined && row && !row.leased && !row.listed) {
    // With a look under the lock the row goes in the same step; without, it is only remembered.
    worlds.push({ ...world, doomed: row.object, ...(variant.checks && { row: undefined }) });
  }
  if (doomed !== undefined) {
    worlds.push({
      ...world,
      objects: world.objects.filter((object) => object !== doomed),
      doomed: undefined,
      collected: true,
      ...(!variant.checks && { row: undefined }),
    });
  }
  return worlds;
}

/** How many worlds there are, and in how many of them an acknowledged manifest has lost its bytes. */
function explore(variant: Variant, expiry: boolean): { states: number; broken: number } {
  const first: World = {
    row: { object: 0, leased: false, listed: false },
    objects: [0],
    pushers: [0, 0],
    doomed: undefined,
    collected: false,
  };
  const seen = new Map([[JSON.stringify(first), first]]);
  for (const world of seen.values()) for (const one of next(world, variant, expiry)) seen.set(JSON.stringify(one), one);
  const broken = [...seen.values()].filter(
    ({ row, objects, pushers }) => pushers.includes(4) && (!row || !objects.includes(row.object)),
  );
  return { states: seen.size, broken: broken.length };
}

const ours: Variant = { together: true, checks: true, generations: true };

test.each([false, true])(
  'in every order of steps our protocol keeps acknowledged manifests whole (leases lapse: %s)',
  (expiry) => {
    const { states, broken } = explore(ours, expiry);
    expect(states).toBeGreaterThan(50);
    expect(broken).toBe(0);
  },
);

test.each([
  ['a collector that does not look again', { ...ours, checks: false }],
  ['row and promise in two steps, and no second look', { ...ours, together: false, checks: false }],
  ['one object for all uploads of a digest', { ...ours, generations: false }],
  ['one object for all uploads, and no second look', { ...ours, generations: false, checks: false }],
] as const)('%s breaks one', (_, variant) => {
  expect(explore(variant, true).broken).toBeGreaterThan(0);
});
