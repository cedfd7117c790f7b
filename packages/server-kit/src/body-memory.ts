import { BodyError } from './body-error.ts';
import { usualBodyLimits, type BodyLimits, type Sources } from './body-limits.ts';
import { chooseVictims } from './connections/relief.ts';

export { BodyError } from './body-error.ts';
export type { BodyLimits, Sources } from './body-limits.ts';

/** One body in memory, from its first byte until `release`. */
export interface HeldBody {
  /**
   * Charges bytes that have arrived.
   * @returns false when there is no memory for them now: `resume` is called when there is, and they stay unread until then
   */
  charge(bytes: number): boolean;
  /** All of it has arrived: from here on it waits for the server, not for its client. */
  complete(): void;
  /** Gives its memory back; may be called more than once. */
  release(): void;
}

interface Body {
  readonly sources: Sources;
  readonly expected: number;
  readonly resume: () => void;
  readonly refuse: (why: BodyError) => void;
  readonly begun: number;
  pool: Pool;
  held: number;
  /** Bytes that it waits for; 0 when it does not. */
  wanted: number;
  waitsSince: number;
  /** Milliseconds for which it has waited for memory, which are not its client's. */
  waited: number;
  lastByte: number;
  isComplete: boolean;
  isOver: boolean;
}

/** Bodies that share a budget. Arrays, and sums only when memory is short: the reason is in docs/decisions/006-memory-on-hot-paths.md. */
class Pool {
  readonly budget: number;
  readonly bodies: Body[] = [];
  readonly waiting: Body[] = [];
  /** May exceed the budget, so that somebody can always finish. */
  privileged: Body | undefined;
  used = 0;

  constructor(budget: number) {
    this.budget = budget;
  }

  heldBy(source: string): number {
    return this.bodies.reduce((sum, { sources, held }) => (sources.includes(source) ? sum + held : sum), 0);
  }

  remove(body: Body): void {
    this.used -= body.held;
    removeFrom(this.bodies, body);
    removeFrom(this.waiting, body);
    if (this.privileged === body) this.privileged = undefined;
  }
}

/**
 * Memory for bodies that are read whole (T31): manifests, forms, GraphQL. A body is charged for bytes as they arrive, never for
 * what it announces, so idle ones cost nothing. When memory is short, bodies wait unread, and the server ends the slow ones of
 * the source that holds the most. One body at a time may exceed the budget, so that bodies that hold a part each never wait for
 * each other for ever.
 */
export class BodyMemory {
  readonly #limits: BodyLimits;
  readonly #now: () => number;
  readonly #usual: Pool;
  readonly #large: Pool;

  constructor(limits: Partial<BodyLimits> = {}, now: () => number = () => performance.now()) {
    this.#limits = { ...usualBodyLimits, ...limits };
    this.#now = now;
    this.#usual = new Pool(this.#limits.budget);
    this.#large = new Pool(this.#limits.largeBudget);
    setInterval(() => {
      this.look();
    }, this.#limits.look).unref();
  }

  /** Bytes that are held now. */
  get used(): number {
    return this.#usual.used + this.#large.used;
  }

  /**
   * Begins a body.
   * @param expected bytes that its client has announced, or undefined
   * @param events `resume` when bytes that had no memory have it now; `refuse` when it must end
   */
  open(
    sources: Sources,
    expected: number | undefined,
    events: { readonly resume: () => void; readonly refuse: (why: BodyError) => void },
  ): HeldBody {
    const now = this.#now();
    const body: Body = {
      sources,
      expected: expected ?? 0,
      ...events,
      begun: now,
      pool: (expected ?? 0) > this.#limits.usualSize ? this.#large : this.#usual,
      held: 0,
      wanted: 0,
      waitsSince: 0,
      waited: 0,
      lastByte: now,
      isComplete: false,
      isOver: false,
    };
    body.pool.bodies.push(body);
    return {
      charge: (bytes) => this.#charge(body, bytes),
      complete: () => {
        body.isComplete = true;
      },
      release: () => {
        this.#release(body);
      },
    };
  }

  /** Ends bodies that come too slowly; called at the interval of the limits. */
  look(): void {
    const { grace, rate } = this.#limits;
    const now = this.#now();
    for (const pool of [this.#usual, this.#large]) {
      for (const body of [...pool.bodies]) {
        if (isSlow(body, now, grace, rate))
          this.#refuse(body, new BodyError(408, 'the body came too slowly; send it again'));
      }
      this.#relieve(pool);
    }
  }

  #charge(body: Body, bytes: number): boolean {
    if (body.isOver) return false;
    this.#moveIfLarge(body, bytes);
    const { pool } = body;
    if (this.#fits(body, bytes)) {
      this.#take(body, bytes);
      return true;
    }
    const isCrowded = bytes + sumOfWanted(ofSameSource(pool.waiting, body)) > this.#limits.waitingOfSource;
    if (isCrowded || bytes + sumOfWanted(pool.waiting) > this.#limits.waiting) {
      const why = isCrowded
        ? new BodyError(429, 'too many of your requests wait for memory; send fewer at once')
        : new BodyError(503, 'too many requests wait for memory; try again shortly');
      // After this call has returned, as for every other refusal.
      queueMicrotask(() => {
        this.#refuse(body, why);
      });
      return false;
    }
    body.wanted = bytes;
    body.waitsSince = this.#now();
    pool.waiting.push(body);
    queueMicrotask(() => {
      this.#relieve(pool);
    });
    return false;
  }

  #moveIfLarge(body: Body, bytes: number): void {
    if (body.pool === this.#large || body.held + bytes <= this.#limits.usualSize) return;
    const { held } = body;
    const before = body.pool;
    before.remove(body);
    body.pool = this.#large;
    this.#large.bodies.push(body);
    // It has this already: only what it asks for on top may have to wait.
    this.#large.used += held;
    this.#admit(before);
  }

  #fits(body: Body, bytes: number): boolean {
    const { pool } = body;
    if (pool.privileged === body) return true;
    if (pool.used + bytes > pool.budget) return false;
    return pool.used + bytes <= pool.budget / 2 || this.#mayHave(body, bytes);
  }

  /** Whether its sources leave enough to others. */
  #mayHave({ sources, pool }: Body, bytes: number): boolean {
    if (pool.heldBy(sources[0]) + bytes <= this.#limits.alwaysAllowed) return true;
    return sources.every((source) => pool.heldBy(source) + bytes <= pool.budget / 2);
  }

  #take(body: Body, bytes: number): void {
    body.held += bytes;
    body.pool.used += bytes;
    body.lastByte = this.#now();
  }

  #release(body: Body): void {
    if (body.isOver) return;
    body.isOver = true;
    body.pool.remove(body);
    this.#admit(body.pool);
  }

  #refuse(body: Body, why: BodyError): void {
    if (body.isOver) return;
    this.#release(body);
    body.refuse(why);
  }

  /** Lets those go on for whom there is memory: the source with the fewest bytes first, so that a crowd holds up itself alone. */
  #admit(pool: Pool): void {
    for (;;) {
      const candidates = pool.waiting.filter((body) => this.#fits(body, body.wanted));
      let next = fewest(candidates, pool);
      if (!next && !pool.privileged && pool.waiting.length > 0) {
        next = fewest(pool.waiting, pool);
        pool.privileged = next;
      }
      if (!next) return;
      this.#resume(next);
    }
  }

  #resume(body: Body): void {
    removeFrom(body.pool.waiting, body);
    body.waited += this.#now() - body.waitsSince;
    this.#take(body, body.wanted);
    body.wanted = 0;
    queueMicrotask(() => {
      if (!body.isOver) body.resume();
    });
  }

  /** Ends slow bodies while others wait, as many as those need. */
  #relieve(pool: Pool): void {
    if (pool.waiting.length === 0) return;
    this.#admit(pool);
    if (pool.waiting.length === 0) return;
    const { scarceGrace, scarceRate } = this.#limits;
    const now = this.#now();
    const slow = pool.bodies.filter(
      (body) => body.held > 0 && isSlow(body, now, scarceGrace, scarceRate, now - body.lastByte > scarceGrace),
    );
    if (slow.length === 0) return;
    const held = pool.waiting.filter((body) => this.#mayHave(body, body.wanted));
    const capped = pool.waiting.filter((body) => !held.includes(body));
    this.#endSlow(slow, sumOfWanted(held) === 0 ? 0 : pool.used + sumOfWanted(held) - pool.budget, now);
    // Those whose own source has too much make room among themselves, not at the cost of others.
    const crowded = new Set(capped.flatMap(({ sources }) => sources));
    const own = slow.filter(({ sources, isOver }) => !isOver && sources.some((source) => crowded.has(source)));
    this.#endSlow(own, sumOfWanted(capped), now);
  }

  #endSlow(slow: readonly Body[], excess: number, now: number): void {
    const burdens = slow.map((body) => ({
      body,
      source: body.sources[0],
      weight: body.held,
      worth: rateOf(body, now),
    }));
    for (const { body } of chooseVictims(burdens, excess))
      this.#refuse(body, new BodyError(429, 'memory is short, and this body comes too slowly; try again shortly'));
  }
}

function ofSameSource(bodies: readonly Body[], { sources: [source] }: Body): Body[] {
  return bodies.filter(({ sources: [first] }) => first === source);
}

const sumOfWanted = (bodies: readonly Body[]): number => bodies.reduce((sum, { wanted }) => sum + wanted, 0);

/** Whether the server has waited for longer than the grace, for fewer bytes than the rate asks for. */
function isSlow(body: Body, now: number, grace: number, rate: number, stalls = false): boolean {
  if (body.isComplete || body.wanted > 0) return false;
  const time = now - body.begun - body.waited;
  return stalls || (time > grace && body.held < ((time - grace) / 1000) * rate + 1);
}

function rateOf(body: Body, now: number): number {
  return body.held / Math.max(1, now - body.begun - body.waited);
}

/** The one whose source has the fewest bodies here; of these the one that came first. */
function fewest(bodies: readonly Body[], pool: Pool): Body | undefined {
  if (bodies.length < 2) return bodies[0];
  const counts = new Map<string, number>();
  for (const { sources } of pool.bodies) counts.set(sources[0], (counts.get(sources[0]) ?? 0) + 1);
  const crowd = ({ sources }: Body) => counts.get(sources[0]) ?? 0;
  return bodies.reduce((best, body) => (crowd(body) < crowd(best) ? body : best));
}

function removeFrom<Item>(items: Item[], item: Item): void {
  const place = items.indexOf(item);
  if (place >= 0) items.splice(place, 1);
}
