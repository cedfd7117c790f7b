/** Answers many questions at once, in their order. @throws what then all who asked get */
export type AnswerAll<Question, Answer> = (questions: readonly Question[]) => Promise<readonly Answer[]>;

interface Waiting<Question, Answer> {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
}

/** Milliseconds in which a statement waits for as many questions as the last one had. */
const patience = 0.1;
/** Questions of one statement; a larger crowd is answered in turns. */
const crowd = 64;

/**
 * Lets questions that arrive together share one statement. A question is sent at once while a lane is free; while all lanes are
 * busy the next ones gather, and go as one when a lane is free again: alone nobody waits, and a crowd costs little. Who was
 * answered together comes back together, yet one first: where the last statement had a crowd, the next waits for it a moment.
 * Every answer was read after its question was asked.
 */
export class Gathering {
  readonly #lanes: number;
  readonly #turns: (() => void)[] = [];
  #busy = 0;

  /** @param lanes statements under way at most, over all the kinds of questions */
  constructor({ lanes }: { lanes: number }) {
    this.#lanes = lanes;
  }

  /** @returns the way to ask questions of one kind */
  kind<Question, Answer>(answerAll: AnswerAll<Question, Answer>): (question: Question) => Promise<Answer> {
    const waiting: Waiting<Question, Answer>[] = [];
    let expected = 1;
    let due: number | undefined;
    const turn = () => {
      due ??= performance.now() + patience;
      if (waiting.length < expected && performance.now() < due) {
        setImmediate(() => {
          this.#turns.push(turn);
          this.#next();
        });
        return;
      }
      due = undefined;
      const asked = waiting.splice(0, crowd);
      if (waiting.length > 0) this.#turns.push(turn);
      expected = asked.length;
      void this.#answer(asked, answerAll);
    };
    return (question) =>
      new Promise((resolve, reject) => {
        waiting.push({ question, resolve, reject });
        if (waiting.length > 1) return;
        this.#turns.push(turn);
        this.#next();
      });
  }

  #next(): void {
    if (this.#busy >= this.#lanes) return;
    this.#turns.shift()?.();
  }

  async #answer<Question, Answer>(
    asked: readonly Waiting<Question, Answer>[],
    answerAll: AnswerAll<Question, Answer>,
  ): Promise<void> {
    this.#busy += 1;
    try {
      const answers = await answerAll(asked.map(({ question }) => question));
      asked.forEach(({ resolve, reject }, index) => {
        const answer = answers[index];
        if (answer === undefined) reject(new Error('a question was left without an answer'));
        else resolve(answer);
      });
    } catch (error) {
      for (const { reject } of asked) reject(error);
    } finally {
      this.#busy -= 1;
      this.#next();
    }
  }
}
