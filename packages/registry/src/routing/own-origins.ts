import type { RegistryConfig } from '../config.ts';

/** The origins at which this installation answers, found by the host that a client names. */
export class OwnOrigins {
  readonly #byHost = new Map<string, string>();
  readonly #external: string;

  constructor({ externalUrl, alsoKnownAs = [] }: Pick<RegistryConfig, 'externalUrl' | 'alsoKnownAs'>) {
    this.#external = externalUrl;
    for (const origin of [externalUrl, ...alsoKnownAs]) {
      const { host, hostname, port, protocol } = new URL(origin);
      const names = port === '' ? [host, `${hostname}:${protocol === 'https:' ? '443' : '80'}`] : [host];
      for (const name of names) if (!this.#byHost.has(name)) this.#byHost.set(name, origin);
    }
  }

  /**
   * Finds the origin that a host belongs to.
   * @param host name and port, as a Host header or the `ns` parameter has them
   * @returns undefined for a host that is not in the configuration
   */
  find(host: string | undefined): string | undefined {
    return host === undefined ? undefined : this.#byHost.get(host.toLowerCase());
  }

  /**
   * Chooses the origin for absolute URLs in an answer. Only a configured name is ever repeated; every other Host header gets
   * the external URL (T24).
   */
  forHost(header: string | undefined): string {
    return this.find(header) ?? this.#external;
  }
}
