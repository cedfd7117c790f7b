import { appendFileSync, existsSync, readFileSync } from 'node:fs';

/**
 * One thing that the registry was told to keep or to forget: `tag|repository|name`, `manifest|repository|digest`,
 * `index|repository|digest` or `blob|repository|digest`. Its value is a digest, `here`, or null for "not there".
 */
export type Change = readonly [key: string, value: string | null];

interface Fact {
  /** What was acknowledged last. */
  certain: string | null;
  /** What was asked for since, without an answer: each of them may or may not have happened. */
  possible: (string | null)[];
  /** Checks passed since it was found to be gone; a fact that is gone is forgotten after a few. */
  checked: number;
}

/** How often it is checked that what was deleted stays deleted (P4). */
const checksOfGone = 3;

/**
 * What clients were promised. Every line is in the journal before anybody relies on it, so that the truth outlives the run
 * that wrote it.
 */
export class Ledger {
  readonly #facts = new Map<string, Fact>();
  readonly #journal: string;

  constructor(journal: string) {
    this.#journal = journal;
    if (!existsSync(journal)) return;
    for (const line of readFileSync(journal, 'utf8').split('\n')) {
      // The last line may be half a line: whoever wrote it was killed, and nobody relied on it yet.
      if (!line.endsWith(']]]')) continue;
      const [word, changes] = JSON.parse(line) as [string, Change[]];
      this.#apply(word, changes);
    }
  }

  /** Before asking. */
  attempt(...changes: Change[]): void {
    this.#write('try', changes);
  }

  /** After the answer that says it is done. */
  acknowledge(...changes: Change[]): void {
    this.#write('ack', changes);
  }

  /** After a look that settles what an unanswered request did. */
  observe(...changes: Change[]): void {
    this.#write('saw', changes);
  }

  /** Counts one more check of something that is gone. */
  stillGone(key: string): void {
    const fact = this.#facts.get(key);
    if (fact?.certain !== null || fact.possible.length > 0) return;
    fact.checked += 1;
    if (fact.checked >= checksOfGone) this.#write('forget', [[key, null]]);
  }

  /** @returns the values that a reader may find now */
  allowed(key: string): readonly (string | null)[] {
    const fact = this.#facts.get(key);
    return fact ? [fact.certain, ...fact.possible] : [null];
  }

  keys(prefix = ''): string[] {
    return [...this.#facts.keys()].filter((key) => key.startsWith(prefix));
  }

  /** Those that are surely there. */
  present(prefix: string): string[] {
    return this.keys(prefix).filter((key) => {
      const fact = this.#facts.get(key);
      return fact !== undefined && fact.certain !== null && fact.possible.length === 0;
    });
  }

  #write(word: string, changes: Change[]): void {
    appendFileSync(this.#journal, `${JSON.stringify([word, changes])}\n`);
    this.#apply(word, changes);
  }

  #apply(word: string, changes: Change[]): void {
    for (const [key, value] of changes) {
      const fact = this.#facts.get(key) ?? { certain: null, possible: [], checked: 0 };
      if (word === 'forget') this.#facts.delete(key);
      else {
        if (word === 'try') fact.possible.push(value);
        else this.#facts.set(key, { certain: value, possible: [], checked: 0 });
        if (!this.#facts.has(key)) this.#facts.set(key, fact);
      }
    }
  }
}
