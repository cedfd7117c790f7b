import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Where a request came from. @returns undefined for a connection that is already gone */
export type ClientAddressReader = (request: {
  readonly socket: { readonly remoteAddress?: string | undefined };
  readonly headers: IncomingHttpHeaders;
}) => string | undefined;

/**
 * Reads a client's address. Of `X-Forwarded-For` only what trusted proxies have written is believed: read from the right, the
 * first address that is no trusted proxy; what stands left of it anybody can have claimed (T24).
 * @param networks of trusted proxies, as CIDR or single addresses; none: the socket's own address
 * @throws Error for what is no network
 */
export function clientAddressReader(networks: readonly string[]): ClientAddressReader {
  const trusted = new BlockList();
  for (const network of networks) addNetwork(trusted, network);
  const isTrusted = (address: string) =>
    isIP(address) !== 0 && trusted.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
  return (request) => {
    let address = plain(request.socket.remoteAddress);
    if (address === undefined || !isTrusted(address)) return address;
    const header = request.headers['x-forwarded-for'];
    const hops = (Array.isArray(header) ? header.join(',') : (header ?? '')).split(',');
    for (const hop of hops.reverse()) {
      const said = plain(hop.trim());
      if (said === undefined || isIP(said) === 0) return address;
      address = said;
      if (!isTrusted(said)) return said;
    }
    return address;
  };
}

/** An IPv4 address as IPv4, however the socket writes it. */
function plain(address: string | undefined): string | undefined {
  return address?.replace(/^::ffff:(?=\d+\.)/i, '');
}

function addNetwork(list: BlockList, network: string): void {
  const [address = '', prefix] = network.split('/');
  const family = isIP(address);
  const bits = Number(prefix ?? (family === 6 ? 128 : 32));
  const fits = family !== 0 && Number.isInteger(bits) && bits >= 0 && bits <= (family === 6 ? 128 : 32);
  if (!fits) throw new Error(`${network.slice(0, 64)} is no network: write 10.0.0.0/8 or 2001:db8::/32`);
  list.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
}

/** Whose address it is, for limits by source: an IPv4 address, or the /64 of an IPv6 address, which one client has for itself. */
export function sourceOf(address: string): string {
  const one = plain(address) ?? '';
  if (isIP(one) !== 6) return one;
  const [head = '', tail] = one.toLowerCase().split('%', 1)[0]?.split('::', 2) ?? [];
  const front = head.split(':').filter(Boolean);
  const back = tail === undefined ? [] : tail.split(':').filter(Boolean);
  const gap = Array<string>(Math.max(0, 8 - front.length - back.length)).fill('0');
  return `${[...front, ...gap, ...back].slice(0, 4).join(':')}::/64`;
}
