import { rightsState, runPrepared, type Orm } from '@escale/schema/orm';
import { Gathering } from './gathering.ts';

/** What a statement says of the database as it saw it: where that is the same text again, all that it read is the same. */
export type State = string;

/** What answers depend on, and for how long they may be kept. */
export interface Dependence {
  readonly name: string;
  /** SQL of the state, for a statement that reads what it speaks of. */
  readonly sql: string;
  /**
   * Milliseconds after which an answer is forgotten: what it says of times is not older, and when the database is replaced by a
   * copy that has missed something, it is not known long enough to meet a state that looks the same.
   */
  readonly lifetime: number;
}

/** Everything: which transactions have ended. It is another one after every write, whatever it is about. */
export const anything: Dependence = { name: 'anything', sql: '(select pg_current_snapshot()::text)', lifetime: 1000 };

/** What rights are made of, and who holds a credential. Expiry is not among it: whoever uses an answer compares the times. */
export const rights: Dependence = { name: 'rights', sql: rightsState, lifetime: 5000 };

/** Characters kept at most. */
const capacity = 4 * 1024 * 1024;

interface Page<Answer> {
  readonly state: State;
  readonly until: number;
  readonly answers: Map<string, Answer>;
  room: number;
  /** Two statements have seen this state: changes are further apart than questions. */
  calm: boolean;
}

/**
 * Remembers answers of the database for as long as what they depend on does not change, and asks whether that is so each time
 * before it gives one again: to look at a state costs a fraction of a statement that joins rights and content, and one look
 * serves everybody who came before it. So an answer is never staler than the question, whichever process has changed what, and
 * nobody needs to be told of changes. While changes come in between, it stays out of the way.
 */
export class StateMemory<Answer extends object> {
  readonly #lifetime: number;
  readonly #look: () => Promise<State>;
  #page: Page<Answer> | undefined;

  constructor({ lifetime }: Pick<Dependence, 'lifetime'>, look: () => Promise<State>) {
    this.#lifetime = lifetime;
    this.#look = look;
  }

  /** @returns undefined when the database has to be asked */
  async recall(key: string): Promise<Answer | undefined> {
    const page = this.#page;
    if (!page?.calm) return undefined;
    const known = page.answers.get(key);
    if (!known) return undefined;
    let same = false;
    try {
      same = page.until > performance.now() && (await this.#look()) === page.state;
    } finally {
      if (!same && this.#page === page) this.#page = undefined;
    }
    return same ? known : undefined;
  }

  /** What would be asked about: an answer, and the state that a statement must find for it to hold. */
  peek(key: string): { readonly answer: Answer; readonly state: State } | undefined {
    const page = this.#page;
    const answer = page?.calm && page.until > performance.now() ? page.answers.get(key) : undefined;
    return page && answer && { answer, state: page.state };
  }

  /** A statement has seen this state. */
  saw(state: State): void {
    if (this.#page?.state === state) this.#page.calm = true;
    else {
      const until = performance.now() + this.#lifetime;
      this.#page = { state, until, answers: new Map(), room: capacity, calm: false };
    }
  }

  /** @param size characters of the answer, about */
  remember(state: State, key: string, answer: Answer, size: number): void {
    const page = this.#page;
    if (page?.state !== state || page.room < size) return;
    page.room -= size;
    page.answers.set(key, answer);
  }
}

/** The way to look at a state; who asks while a look is under way shares the next one. */
export function lookAt(orm: Orm, { name, sql }: Dependence): () => Promise<State> {
  const statement = { name: `state of ${name}`, text: `select ${sql} as state` };
  const ask = new Gathering({ lanes: 1 }).kind<undefined, State>(async (askers) => {
    const [row] = await runPrepared<{ state: State }>(orm, statement, []);
    return askers.map(() => row?.state ?? '');
  });
  return () => ask(undefined);
}
