import {
  allowInsecureRequests,
  ClientSecretPost,
  customFetch,
  discovery,
  type Configuration,
  type CustomFetch,
} from 'openid-client';
import type { ApiConfig } from '../config.ts';
import { withoutOddTimes } from './odd-times.ts';
import { withPlainRefusals } from './plain-refusals.ts';
import { ProviderKeys } from './provider-keys.ts';
import { providerUnavailable } from './provider-unavailable.ts';

/** Milliseconds before a provider that did not answer is asked again. */
const pause = 2000;
/** For how long an answer shows that the provider is there. */
const freshness = 5000;

/** The identity provider's metadata, looked up at first need and again after a failure: it may start after us (P7). */
export class OpenIdProvider {
  /** Kept for ten minutes; an unknown one is looked for at most once in 30 s, wherever the token came from (S9). */
  readonly keys: ProviderKeys;
  readonly #config: ApiConfig['oidc'];
  readonly #fetch: typeof globalThis.fetch;
  #found: Configuration | undefined;
  #foundAt = 0;
  #looking: Promise<Configuration> | undefined;
  #failedAt = 0;

  constructor(config: ApiConfig['oidc'], fetch: typeof globalThis.fetch) {
    this.#config = config;
    this.#fetch = fetch;
    this.keys = new ProviderKeys(async () => {
      const { jwks_uri: address } = (await this.configuration()).serverMetadata();
      if (address === undefined) throw providerUnavailable(new Error('the provider names no keys'));
      return address;
    }, fetch);
  }

  /** What the provider once said of itself, however it is now. @throws UNAVAILABLE while it never answered */
  async configuration(): Promise<Configuration> {
    return this.#found ?? this.#look();
  }

  /**
   * The same, and the provider is there: nobody is sent to an address where a browser has only its own words for what is wrong.
   * @throws UNAVAILABLE
   */
  async present(): Promise<Configuration> {
    return this.#found && Date.now() - this.#foundAt < freshness ? this.#found : this.#look();
  }

  async #look(): Promise<Configuration> {
    if (!this.#looking && Date.now() - this.#failedAt < pause) throw providerUnavailable();
    this.#looking ??= this.#discover().finally(() => {
      this.#looking = undefined;
    });
    try {
      return await this.#looking;
    } catch (cause) {
      this.#failedAt = Date.now();
      throw providerUnavailable(cause);
    }
  }

  async #discover(): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = this.#config;
    const { protocol } = new URL(issuer);
    // eslint-disable-next-line @typescript-eslint/no-deprecated -- marked so to stand out; the demo provider is on localhost
    const insecure = protocol === 'http:' ? [allowInsecureRequests] : [];
    const found = await discovery(new URL(issuer), clientId, clientSecret, ClientSecretPost(clientSecret), {
      timeout: 5,
      [customFetch]: withoutOddTimes(withPlainRefusals(this.#fetch)) as CustomFetch,
      execute: insecure,
    });
    this.#found = found;
    this.#foundAt = Date.now();
    return found;
  }
}
