/** Failures of one account from one source, and of one source in all, within the window. */
const limit = 10;
/** Milliseconds. */
const window = 15 * 60 * 1000;
/** Counters kept; the oldest goes first. A flood of addresses must not fill the memory. */
const kept = 20_000;

/**
 * Counts credentials that did not hold, by account and source and by source alone (T43). Only failures are ever refused by it:
 * a credential that holds is looked at first, so that nobody can lock somebody else out.
 */
export class FailedAttempts {
  readonly #counters = new Map<string, { count: number; readonly until: number }>();
  readonly #limit: number;
  readonly #now: () => number;

  /** @param processes among which failures are spread; each allows its share of them */
  constructor(processes = 1, now: () => number = Date.now) {
    this.#limit = Math.ceil(limit / processes);
    this.#now = now;
  }

  /** Notes a failure. @returns the seconds for which further ones are refused, or undefined while there is room */
  note(account: string, address: string | undefined): number | undefined {
    const source = sourceOf(address ?? '');
    const waits = [`${account.slice(0, 255)} ${source}`, source].map((key) => this.#count(key));
    const longest = Math.max(...waits);
    return longest > 0 ? Math.ceil(longest / 1000) : undefined;
  }

  #count(key: string): number {
    const now = this.#now();
    const known = this.#counters.get(key);
    if (!known || known.until <= now) {
      this.#counters.delete(key);
      if (this.#counters.size >= kept) {
        const [oldest] = this.#counters.keys();
        if (oldest !== undefined) this.#counters.delete(oldest);
      }
      this.#counters.set(key, { count: 1, until: now + window });
      return 0;
    }
    known.count += 1;
    return known.count > this.#limit ? known.until - now : 0;
  }
}

/** The network that an address is in: /24 of IPv4, /64 of IPv6. */
export function sourceOf(address: string): string {
  const mapped = /^::ffff:(\d+\.\d+\.\d+)\.\d+$/i.exec(address) ?? /^(\d+\.\d+\.\d+)\.\d+$/.exec(address);
  if (mapped) return `${mapped[1] ?? ''}.0/24`;
  const [head = '', tail] = address.toLowerCase().split('%')[0]?.split('::') ?? [];
  const front = head.split(':').filter(Boolean);
  const back = tail === undefined ? [] : tail.split(':').filter(Boolean);
  const gap = tail === undefined ? [] : Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  return `${[...front, ...gap, ...back].slice(0, 4).join(':')}::/64`;
}
