import { isIP } from 'node:net';

/**
 * Whether a Host header names this installation (T24): by the name of its external URL, or by an address or `localhost`, which
 * no name server can turn to another machine and which probes and proxies use. Ports are not compared: proxies change them.
 * @param header undefined where none was sent; Node refuses that from HTTP/1.1 on
 * @param ownName the external URL's host name
 */
export function isOwnHost(header: string | undefined, ownName: string): boolean {
  if (header === undefined) return true;
  const [, name = ''] = /^(\[[\da-f:.]{2,45}\]|[\w.-]{1,253})(?::\d{1,5})?$/i.exec(header) ?? [];
  const plain = name.toLowerCase();
  return plain === ownName || plain === 'localhost' || isIP(plain.replace(/^\[(.*)\]$/, '$1')) !== 0;
}
