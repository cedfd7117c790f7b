import { isIPv6 } from 'node:net';
import { principalKey, type Principal } from '@escale/domain/access';
import { tooManyQueries } from '@escale/domain/errors';

/** How many requests of one caller run at once, and how many may wait. */
export interface SlotLimits {
  readonly running: number;
  readonly waiting: number;
}

/**
 * Limits of this process. Callers who did not sign in share what one source address gets, and all of them together get fewer
 * connections than the pool has: their queries are the ones that nobody can be held to account for.
 */
export interface CallerLimits {
  readonly signedIn: SlotLimits;
  readonly anonymous: SlotLimits;
  readonly allAnonymous: SlotLimits;
  /** Milliseconds that a request waits at most. */
  readonly patience: number;
  /**
   * How long a slot of an anonymous caller stays taken after the answer, in times that the request took: the process and the
   * database get that long for others, also while a caller repeats requests that are refused.
   */
  readonly rest: number;
}

/** Milliseconds that a slot rests at most. */
const longestRest = 250;

export const callerLimits: CallerLimits = {
  signedIn: { running: 6, waiting: 60 },
  anonymous: { running: 2, waiting: 20 },
  allAnonymous: { running: 4, waiting: 200 },
  patience: 5000,
  rest: 1,
};

interface Waiter {
  readonly key: string;
  readonly go: () => void;
}

/** Requests of a group of callers: a limit for each caller, and one for all of them. */
class SlotGroup {
  readonly #each: SlotLimits;
  readonly #all: SlotLimits;
  readonly #running = new Map<string, number>();
  #runningInAll = 0;
  readonly #waiting: Waiter[] = [];

  constructor(each: SlotLimits, all: SlotLimits) {
    this.#each = each;
    this.#all = all;
  }

  /** @returns false when the caller, or all together, have too many waiting, or the wait is over */
  async enter(key: string, patience: number, whenGone: (call: () => void) => void): Promise<boolean> {
    if (this.#hasRoom(key)) {
      this.#take(key);
      return true;
    }
    const ofCaller = this.#waiting.filter((waiter) => waiter.key === key).length;
    if (ofCaller >= this.#each.waiting || this.#waiting.length >= this.#all.waiting) return false;
    return new Promise((resolve) => {
      const waiter: Waiter = {
        key,
        go: () => {
          clearTimeout(timer);
          resolve(true);
        },
      };
      const giveUp = () => {
        const place = this.#waiting.indexOf(waiter);
        if (place < 0) return;
        this.#waiting.splice(place, 1);
        clearTimeout(timer);
        resolve(false);
      };
      const timer = setTimeout(giveUp, patience);
      whenGone(giveUp);
      this.#waiting.push(waiter);
    });
  }

  leave(key: string): void {
    const left = (this.#running.get(key) ?? 1) - 1;
    if (left > 0) this.#running.set(key, left);
    else this.#running.delete(key);
    this.#runningInAll -= 1;
    // In order of arrival, except that nobody waits behind a caller who has as many as one may have.
    const next = this.#waiting.findIndex((waiter) => this.#hasRoom(waiter.key));
    if (next < 0) return;
    const [waiter] = this.#waiting.splice(next, 1);
    if (!waiter) return;
    this.#take(waiter.key);
    waiter.go();
  }

  #hasRoom(key: string): boolean {
    return (this.#running.get(key) ?? 0) < this.#each.running && this.#runningInAll < this.#all.running;
  }

  #take(key: string): void {
    this.#running.set(key, (this.#running.get(key) ?? 0) + 1);
    this.#runningInAll += 1;
  }
}

/** Lets a bounded number of GraphQL requests of one caller run at once; the others wait in turn, for a bounded time. */
export class CallerSlots {
  readonly #limits: CallerLimits;
  readonly #anonymous: SlotGroup;
  readonly #signedIn: SlotGroup;

  constructor(limits: CallerLimits = callerLimits) {
    this.#limits = limits;
    this.#anonymous = new SlotGroup(limits.anonymous, limits.allAnonymous);
    this.#signedIn = new SlotGroup(limits.signedIn, { running: Infinity, waiting: Infinity });
  }

  /**
   * @param caller.address of the client, for callers who did not sign in
   * @param caller.whenGone registers what to do when the client closes the connection
   * @throws TOOMANYREQUESTS with the seconds after which to try again
   */
  async run<Result>(
    caller: {
      readonly principal: Principal;
      readonly address: string | undefined;
      readonly whenGone: (call: () => void) => void;
    },
    work: () => Promise<Result>,
  ): Promise<Result> {
    const { principal, address, whenGone } = caller;
    const isAnonymous = principal.kind === 'anonymous';
    const group = isAnonymous ? this.#anonymous : this.#signedIn;
    const key = isAnonymous ? sourceOf(address) : principalKey(principal);
    const { patience } = this.#limits;
    if (!(await group.enter(key, patience, whenGone)))
      throw tooManyQueries(isAnonymous ? 'from this address' : 'of this user', Math.ceil(patience / 1000));
    const begun = performance.now();
    try {
      return await work();
    } finally {
      const rest = isAnonymous ? Math.min((performance.now() - begun) * this.#limits.rest, longestRest) : 0;
      if (rest === 0) group.leave(key);
      else
        setTimeout(() => {
          group.leave(key);
        }, rest).unref();
    }
  }
}

/** An IPv4 address, or the /64 network of an IPv6 one: a host has as many addresses there as it likes. */
export function sourceOf(address: string | undefined): string {
  if (address === undefined || !isIPv6(address)) return address ?? 'unknown';
  const [before = '', after] = address.toLowerCase().replace(/%.*$/, '').split('::');
  const head = before === '' ? [] : before.split(':');
  const tail = after === undefined || after === '' ? [] : after.split(':');
  const groups = [...head, ...Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0'), ...tail];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ''))
    .join(':')}::/64`;
}
