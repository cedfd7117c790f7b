import {
  allowInsecureRequests,
  ClientSecretPost,
  customFetch,
  discovery,
  type Configuration,
  type CustomFetch,
} from 'openid-client';
import { DomainError } from '@escale/domain/errors';
import type { ApiConfig } from '../config.ts';

/** Milliseconds before a provider that did not answer is asked again. */
const pause = 2000;

/** The identity provider's metadata, looked up at first need and again after a failure: it may start after us (P7). */
export class OpenIdProvider {
  readonly #config: ApiConfig['oidc'];
  readonly #fetch: typeof globalThis.fetch;
  #found: Promise<Configuration> | undefined;
  #failedAt = 0;

  constructor(config: ApiConfig['oidc'], fetch: typeof globalThis.fetch) {
    this.#config = config;
    this.#fetch = fetch;
  }

  /** @throws UNAVAILABLE while the provider does not answer */
  async configuration(): Promise<Configuration> {
    if (!this.#found) {
      if (Date.now() - this.#failedAt < pause) throw providerUnavailable();
      this.#found = this.#discover();
      this.#found.catch(() => {
        this.#found = undefined;
        this.#failedAt = Date.now();
      });
    }
    try {
      return await this.#found;
    } catch (cause) {
      throw providerUnavailable(cause);
    }
  }

  async #discover(): Promise<Configuration> {
    const { issuer, clientId, clientSecret } = this.#config;
    const insecure = new URL(issuer).protocol === 'http:';
    const found = await discovery(new URL(issuer), clientId, clientSecret, ClientSecretPost(clientSecret), {
      timeout: 5,
      [customFetch]: this.#fetch as CustomFetch,
      ...(insecure && { execute: [allowInsecureRequests] }),
    });
    return found;
  }
}

export function providerUnavailable(cause?: unknown): DomainError {
  const error = new DomainError(
    'UNAVAILABLE',
    'the identity provider does not answer at the moment; try again shortly',
  );
  error.cause = cause;
  return error;
}
