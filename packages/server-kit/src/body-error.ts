/** Why a body was not read to its end. The message may be shown to anybody. */
export class BodyError extends Error {
  override readonly name = 'BodyError';
  /** Of HTTP. */
  readonly status: 400 | 408 | 413 | 415 | 429 | 503;
  /** Seconds after which the client may try again, where that makes sense. */
  readonly retryAfter: number | undefined;

  constructor(status: BodyError['status'], message: string) {
    super(message);
    this.status = status;
    this.retryAfter = status === 429 || status === 503 ? 5 : undefined;
  }
}
