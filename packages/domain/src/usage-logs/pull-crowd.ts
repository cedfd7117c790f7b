import type { Digest } from '@escale/schema/values';
import type { UsageRow } from './record.ts';

/** The entry of a pull. */
export interface PullRow extends UsageRow {
  readonly repositoryId: string;
  readonly digest: Digest;
}

/** Pulls that differ in nothing but their time. */
export interface LikePulls {
  /** What is the same in all of them, as text. */
  readonly key: string;
  /** The entry of the first; the others have times of their own. */
  readonly row: PullRow;
  /** One for each, in milliseconds since 1970. */
  readonly times: readonly number[];
}

/** Pulls that wait to be written. Whoever pulls a lot pulls the same again and again: that is kept once, with many times. */
export class PullCrowd {
  #alike = new Map<string, { readonly row: PullRow; times: number[] }>();
  #size = 0;

  /** How many pulls. */
  get size(): number {
    return this.#size;
  }

  /** How many that differ in more than their time. */
  get kinds(): number {
    return this.#alike.size;
  }

  note(key: string, at: Date, row: () => PullRow): void {
    const known = this.#alike.get(key);
    if (known) known.times.push(at.getTime());
    else this.#alike.set(key, { row: row(), times: [at.getTime()] });
    this.#size += 1;
  }

  /** Takes out those that wait longest, by kinds, at most so many pulls. */
  take(most: number): LikePulls[] {
    const taken: LikePulls[] = [];
    let room = most;
    for (const [key, alike] of this.#alike) {
      if (room === 0) break;
      const times = alike.times.splice(0, room);
      if (alike.times.length === 0) this.#alike.delete(key);
      room -= times.length;
      taken.push({ key, row: alike.row, times });
    }
    this.#size -= most - room;
    // A map in which keys come and go leaves tables behind that keep what they held from being collected.
    if (this.#size === 0) this.#alike = new Map();
    return taken;
  }

  /** Puts back what could not be written. */
  giveBack(taken: readonly LikePulls[]): void {
    for (const { key, row, times } of taken) {
      this.#alike.set(key, { row, times: [...times, ...(this.#alike.get(key)?.times ?? [])] });
      this.#size += times.length;
    }
  }
}

/** @returns how many pulls these are */
export const countOf = (taken: readonly LikePulls[]): number => taken.reduce((sum, { times }) => sum + times.length, 0);
