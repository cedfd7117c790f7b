import { createLocalJWKSet, jwtVerify, type JSONWebKeySet, type JWTVerifyGetKey, type JWTVerifyOptions } from 'jose';
import { providerUnavailable } from './provider-unavailable.ts';

/** Milliseconds between two looks for a key id that somebody sent and the provider may not have (S9), and after a failure. */
const unknownKeyPause = 30_000;
const failurePause = 2000;
/** How long keys are used, and how long they may be while new ones cannot be had: a key that the provider dropped must end. */
const keyAge = 10 * 60 * 1000;
const keyAgeAtMost = 60 * 60 * 1000;
/** While old keys still serve, a provider that does not answer is asked again so often. */
const renewalPause = 30_000;

/** The keys of one moment. */
export interface KeySet {
  readonly keys: JSONWebKeySet['keys'];
  readonly ids: ReadonlySet<string>;
  /** When they were had. */
  readonly at: number;
  readonly forJose: JWTVerifyGetKey;
}

/**
 * Who showed the token. `anyone`: its key id may be invented, and must not make us ask the provider at will. `provider`: it came
 * straight from the provider's token endpoint, so a key id not known yet is a new key, and is looked up at once.
 */
export type ShownBy = 'anyone' | 'provider';

/** The identity provider's public keys: one set for ID tokens, logout tokens and bearers, fetched once for all who wait. */
export class ProviderKeys {
  readonly #address: () => Promise<string>;
  readonly #fetch: typeof globalThis.fetch;
  #set: KeySet | undefined;
  #fetching: Promise<KeySet> | undefined;
  #askedAt = 0;
  #askedForUnknownAt = 0;
  #failed = false;

  /** @param address of the key set; may fail with UNAVAILABLE */
  constructor(address: () => Promise<string>, fetch: typeof globalThis.fetch) {
    this.#address = address;
    this.#fetch = fetch;
  }

  /**
   * Checks a signature with these keys, and what `options` say.
   * @throws JOSEError for a token that does not hold, UNAVAILABLE while keys cannot be had
   */
  async verify(token: string, shownBy: ShownBy, options: JWTVerifyOptions): ReturnType<typeof jwtVerify> {
    return jwtVerify(
      token,
      async (header, input) => (await this.holding(header?.kid, shownBy)).forJose(header, input),
      options,
    );
  }

  /**
   * The keys, fetched anew when the one with this id is not among them or they are old. It may still not be among them.
   * @param kid absent: the token names no key
   * @throws UNAVAILABLE when there are none, or when it is not known whether there is this one
   */
  async holding(kid: string | undefined, shownBy: ShownBy): Promise<KeySet> {
    const set = this.#set;
    const now = Date.now();
    const known = set !== undefined && (kid === undefined || set.ids.has(kid));
    const age = now - (set?.at ?? 0);
    if (known) return age < keyAge ? set : this.#renewed(set, age);
    if (shownBy === 'provider') {
      // A look that is under way may have begun before the new key was there.
      const found = await this.#fetching?.catch(() => undefined);
      return found && kid !== undefined && found.ids.has(kid) ? found : this.#fetchOnce();
    }
    if (this.#fetching) return this.#fetching;
    if (this.#failed && now - this.#askedAt < failurePause) throw providerUnavailable();
    if (set && now - this.#askedForUnknownAt < unknownKeyPause) return set;
    this.#askedForUnknownAt = now;
    const found = await this.#fetchOnce();
    // It was a new key after all, and not somebody's invention.
    if (kid === undefined || found.ids.has(kid)) this.#askedForUnknownAt = 0;
    return found;
  }

  /** Old keys serve on while the provider does not answer, but not for ever. */
  async #renewed(set: KeySet, age: number): Promise<KeySet> {
    const usable = age < keyAgeAtMost;
    if (!this.#fetching && this.#failed && Date.now() - this.#askedAt < (usable ? renewalPause : failurePause)) {
      if (usable) return set;
      throw providerUnavailable();
    }
    try {
      return await this.#fetchOnce();
    } catch (error) {
      if (usable) return set;
      throw error;
    }
  }

  #fetchOnce(): Promise<KeySet> {
    this.#fetching ??= this.#fetchKeys().finally(() => {
      this.#fetching = undefined;
    });
    return this.#fetching;
  }

  async #fetchKeys(): Promise<KeySet> {
    this.#askedAt = Date.now();
    this.#failed = true;
    try {
      const answer = await this.#fetch(await this.#address(), {
        signal: AbortSignal.timeout(5000),
        redirect: 'error',
      });
      const body = (await answer.json()) as JSONWebKeySet;
      if (!answer.ok || !Array.isArray(body.keys))
        throw new Error(`the provider's keys were answered with ${String(answer.status)}`);
      this.#set = {
        keys: body.keys,
        ids: new Set(body.keys.map(({ kid }) => String(kid))),
        at: Date.now(),
        forJose: createLocalJWKSet(body),
      };
      this.#failed = false;
      return this.#set;
    } catch (cause) {
      throw providerUnavailable(cause);
    }
  }
}
