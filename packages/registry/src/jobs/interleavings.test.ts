import { describe, expect, test } from 'vitest';

/** One digest, two pushers, one collector, and leases that may lapse: small enough to look at every order of steps. */
interface World {
  /** The row in use: which upload's object it names, whether it is promised, whether a manifest lists it. */
  readonly row: { readonly object: number; readonly leased: boolean; readonly listed: boolean } | undefined;
  /** Objects in the store by the upload that wrote them; at most one where the key is the digest alone. */
  readonly objects: readonly number[];
  /** Where each pusher is: it stores bytes (0), makes the row (1), marks it as wanted (2), pushes the manifest (3). */
  readonly pushers: readonly number[];
  /** The object that the collector has decided to delete. */
  readonly doomed: number | undefined;
  readonly collected: boolean;
}

interface Variant {
  /** Row and promise are one transaction. */
  readonly together: boolean;
  /** The collector decides under the lock, with promise and manifest in view; else from what it saw at first. */
  readonly checks: boolean;
  /** What the key of an object is made of, and so what a delete that comes late can hit. */
  readonly key: 'digest' | 'digest, deleted only as the row knew it' | 'digest and generation';
}

const acknowledged = 3;
const pushed = 4;
const refused = 5;

/** Every world that is one step away. */
function next(world: World, variant: Variant, expiry: boolean): World[] {
  const worlds: World[] = [];
  const { row, doomed, objects } = world;
  world.pushers.forEach((at, pusher) => {
    const moved = (to: number, change: Partial<World>) => {
      worlds.push({ ...world, ...change, pushers: world.pushers.map((old, index) => (index === pusher ? to : old)) });
    };
    const own = pusher + 1;
    if (at === 0) {
      // Under the digest alone, the same bytes are written over what is there.
      const kept = variant.key === 'digest and generation' ? objects : [];
      moved(1, { objects: [...new Set([...kept, own])].sort() });
    }
    if (at === 1) {
      // An existing row is adopted; the own object is then superfluous, or the one that the row knows from now on.
      const object = row && variant.key === 'digest and generation' ? row.object : own;
      const leased = variant.together || (row?.leased ?? false);
      moved(variant.together ? acknowledged : 2, { row: { object, leased, listed: row?.listed ?? false } });
    }
    if (at === 2) moved(acknowledged, row ? { row: { ...row, leased: true } } : {});
    if (at === acknowledged) moved(row ? pushed : refused, row ? { row: { ...row, listed: true } } : {});
  });
  if (expiry && row?.leased) worlds.push({ ...world, row: { ...row, leased: false } });
  if (!world.collected && doomed === undefined && row && !row.listed && !(variant.checks && row.leased)) {
    // With a look under the lock the row goes in the same step; without, it is only remembered.
    worlds.push({ ...world, doomed: row.object, ...(variant.checks && { row: undefined }) });
  }
  if (doomed !== undefined) {
    worlds.push({
      ...world,
      objects: variant.key === 'digest' ? [] : objects.filter((object) => object !== doomed),
      doomed: undefined,
      collected: true,
      ...(!variant.checks && { row: undefined }),
    });
  }
  return worlds;
}

interface Explored {
  readonly states: number;
  /** In which an acknowledged manifest has lost its row or its bytes. */
  readonly broken: number;
  /** In which an acknowledged blob has, before a manifest lists it. */
  readonly lost: number;
}

function explore(variant: Variant, expiry: boolean): Explored {
  const first: World = {
    row: { object: 0, leased: false, listed: false },
    objects: [0],
    pushers: [0, 0],
    doomed: undefined,
    collected: false,
  };
  const seen = new Map([[JSON.stringify(first), first]]);
  for (const world of seen.values()) for (const one of next(world, variant, expiry)) seen.set(JSON.stringify(one), one);
  const worlds = [...seen.values()];
  const readable = ({ row, objects }: World) =>
    row !== undefined && (variant.key === 'digest and generation' ? objects.includes(row.object) : objects.length > 0);
  return {
    states: worlds.length,
    broken: worlds.filter((one) => one.pushers.includes(pushed) && !(one.row?.listed === true && readable(one))).length,
    lost: worlds.filter((one) => one.pushers.includes(acknowledged) && !readable(one)).length,
  };
}

const ours: Variant = { together: true, checks: true, key: 'digest and generation' };

/**
 * Variants of the protocol as registries have them, with what every order of steps comes to: while leases
 * hold, and when they lapse at any moment. What ours then loses are pushes that come after their six hours: a clean 400.
 */
const variants: readonly (readonly [name: string, Variant, never: Explored, lapsing: Explored])[] = [
  [
    'snapshot, then delete',
    { together: true, checks: false, key: 'digest' },
    { states: 201, broken: 27, lost: 25 },
    { states: 357, broken: 43, lost: 39 },
  ],
  [
    'row and marker in two transactions',
    { together: false, checks: true, key: 'digest' },
    { states: 367, broken: 18, lost: 55 },
    { states: 555, broken: 32, lost: 69 },
  ],
  [
    'one transaction with a lease, key = digest',
    { together: true, checks: true, key: 'digest' },
    { states: 118, broken: 10, lost: 10 },
    { states: 326, broken: 24, lost: 51 },
  ],
  [
    'the same, deleted with If-Match',
    { ...ours, key: 'digest, deleted only as the row knew it' },
    { states: 99, broken: 0, lost: 0 },
    { states: 315, broken: 16, lost: 49 },
  ],
  [
    'one transaction with a lease, key = digest and generation: ours',
    ours,
    { states: 56, broken: 0, lost: 0 },
    { states: 140, broken: 0, lost: 14 },
  ],
];

describe('in every order of steps', () => {
  test.each(variants)('%s', (_, variant, never, lapsing) => {
    expect({ never: explore(variant, false), lapsing: explore(variant, true) }).toEqual({ never, lapsing });
  });
});
