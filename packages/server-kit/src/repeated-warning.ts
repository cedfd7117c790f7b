import { withoutSecrets, type Logger } from './logger.ts';

/** Lines that a minute may have before the rest of it is only counted. */
const burst = 10;
const minute = 60_000;
/** Characters of a reason; what callers send can be part of it. */
const longestReason = 200;

/**
 * A warning that anybody can cause as often as they like: short lines without a stack, at most ten a minute, then one that states
 * how many more there were.
 */
export class RepeatedWarning {
  readonly #logger: Pick<Logger, 'warn'>;
  readonly #message: string;
  #written = 0;
  #counted = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(logger: Pick<Logger, 'warn'>, message: string) {
    this.#logger = logger;
    this.#message = message;
  }

  /** @param facts of the line, bounded by the caller */
  note(error: unknown, facts: Readonly<Record<string, string>> = {}): void {
    this.#timer ??= setTimeout(() => {
      this.#endMinute();
    }, minute).unref();
    if (this.#written >= burst) {
      this.#counted += 1;
      return;
    }
    this.#written += 1;
    this.#logger.warn({ reason: reasonOf(error), ...facts }, this.#message);
  }

  /** Writes what was only counted. */
  close(): void {
    clearTimeout(this.#timer);
    this.#endMinute();
  }

  #endMinute(): void {
    if (this.#counted > 0) this.#logger.warn({ more: this.#counted }, this.#message);
    this.#timer = undefined;
    this.#written = this.#counted = 0;
  }
}

/** The error in one line, with what caused it: its own message is often only a heading. */
function reasonOf(error: unknown): string {
  const parts: string[] = [];
  for (let one: unknown = error; one instanceof Error && parts.length < 3; one = one.cause) parts.push(one.message);
  const text = parts.length > 0 ? parts.join(': ') : String(error);
  // Cut first: the patterns of secrets must not run over what has no limit.
  const line = withoutSecrets(text.slice(0, 2000)).replace(/\s+/g, ' ');
  return line.length > longestReason ? `${line.slice(0, longestReason - 1)}…` : line;
}
