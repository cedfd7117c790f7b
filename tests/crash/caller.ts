import { setTimeout as sleep } from 'node:timers/promises';
import type { OciClient } from '../support/oci.ts';
import type { Gate } from './gate.ts';
import type { Change, Ledger } from './ledger.ts';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** What a customer shares with the others. */
export interface Shop {
  readonly client: OciClient;
  readonly ledger: Ledger;
  readonly gate: Gate;
  /** Broken promises and answers that nobody should get, in words. */
  readonly complaints: string[];
  stopped: boolean;
  /** Acknowledgements so far. */
  acknowledged: number;
}

/** The end of a customer's work. */
export class Stopped extends Error {}

/** Sends a customer's requests until they are answered, whatever is killed meanwhile, and keeps the ledger of them. */
export class Caller {
  readonly #shop: Shop;

  constructor(shop: Shop) {
    this.#shop = shop;
  }

  /** One change of the registry, repeated until it is acknowledged. */
  async change(changes: Change[], method: string, path: string, good: number[], init: RequestInit = {}) {
    await this.expect(method, path, good, init, changes);
    this.acknowledge(changes);
  }

  acknowledge(changes: Change[]): void {
    this.#shop.ledger.acknowledge(...changes);
    this.#shop.acknowledged += 1;
  }

  async expect(
    method: string,
    path: string,
    good: number[],
    init: RequestInit = {},
    changes: Change[] = [],
  ): Promise<Answer> {
    const answer = await this.persist(method, path, init, changes);
    if (!good.includes(answer.status)) throw new Error(`${method} ${path} answered ${said(answer)}`);
    return answer;
  }

  async persist(method: string, path: string, init: RequestInit = {}, changes: Change[] = []): Promise<Answer> {
    for (;;) {
      const answer = await this.once(method, path, init, changes);
      if (answer) return answer;
    }
  }

  /**
   * @param changes what this request may bring about, answered or not: noted each time it is sent, for a check between two
   *   tries settles what the first one did
   * @returns undefined when the product was not there to answer
   */
  async once(
    method: string,
    path: string,
    init: RequestInit = {},
    changes: Change[] = [],
  ): Promise<Answer | undefined> {
    const { gate, client, ledger } = this.#shop;
    const answer = await gate.through(async () => {
      if (this.#shop.stopped) throw new Stopped();
      if (changes.length > 0) ledger.attempt(...changes);
      try {
        const response = await client.request(path, { ...init, method });
        return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
      } catch {
        return undefined;
      }
    });
    // 401 without a token: the token service had no database to ask.
    if (answer && answer.status !== 503 && answer.status !== 401) {
      if (answer.status >= 500) this.#shop.complaints.push(`${method} ${path} answered ${said(answer)}`);
      return answer;
    }
    await sleep(50);
    return undefined;
  }
}

export function said({ status, body }: Answer): string {
  return `${String(status)} ${body.toString().slice(0, 300)}`;
}
