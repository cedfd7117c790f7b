import { isIP } from 'node:net';

const loopback = ['localhost', '127.0.0.1', '[::1]'];

/**
 * Whether a Host header names this installation (T24): by a name of its configuration, or by an address or `localhost`, which
 * no name server can turn to another machine and which probes and proxies use. Ports are not compared: proxies change them.
 * @param header undefined where none was sent; Node refuses that from HTTP/1.1 on
 * @param ownNames host names of the external URL and of ESCALE_ALSO_KNOWN_AS
 */
export function isOwnHost(header: string | undefined, ownNames: ReadonlySet<string>): boolean {
  if (header === undefined) return true;
  const [, name = ''] = /^(\[[\da-f:.]{2,45}\]|[\w.-]{1,253})(?::\d{1,5})?$/i.exec(header) ?? [];
  const plain = name.toLowerCase();
  return ownNames.has(plain) || plain === 'localhost' || isIP(plain.replace(/^\[(.*)\]$/, '$1')) !== 0;
}

/** The host names of origins. */
export function hostNamesOf(origins: readonly string[]): ReadonlySet<string> {
  return new Set(origins.map((origin) => new URL(origin).hostname));
}

/**
 * Reads an origin, or a host with or without a port.
 * @param scheme `http:` or `https:`, for a host that comes without one
 * @returns undefined for anything more than an origin: a path, a query, a user name
 */
export function readOrigin(text: string, scheme: string): string | undefined {
  const address = text.includes('://') ? text : `${scheme}//${text}`;
  if (!/^https?:\/\/(?:\[[\da-f:.]+\]|[\w.-]+)(?::\d{1,5})?\/*$/i.test(address) || !URL.canParse(address))
    return undefined;
  return new URL(address).origin;
}

/**
 * Reads a further name of the installation. A host alone has the scheme of the external URL. Without a port it stands for its own
 * default port, and for the port of the external URL: clients that ask the same listener by another name keep its port.
 * @returns no origin for a text that is none
 */
export function furtherOrigins(text: string, externalUrl: string): string[] {
  const { protocol, port } = new URL(externalUrl);
  const origin = readOrigin(text, protocol);
  if (origin === undefined) return [];
  const bare = !text.includes('://') && !/:\d+\/*$/.test(text);
  return bare && port !== '' ? [origin, `${origin}:${port}`] : [origin];
}

/** The other names of the same loopback origin: a client on this machine may use any of them. */
export function loopbackSiblings(externalUrl: string): string[] {
  const { protocol, hostname, port } = new URL(externalUrl);
  if (!loopback.includes(hostname)) return [];
  const others = loopback.filter((name) => name !== hostname);
  return others.map((name) => `${protocol}//${name}${port === '' ? '' : `:${port}`}`);
}
