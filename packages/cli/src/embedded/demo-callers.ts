import type { IncomingMessage, RequestListener } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** Host names that always mean the machine of the browser: no name server can point them elsewhere. */
const loopbackNames = new Set(['localhost', '127.0.0.1', '[::1]']);

/**
 * Lets the demo identity provider answer callers on this machine alone, whatever interface the listener is bound to: its users and
 * their groups are public knowledge, and one of them is an administrator of the registry.
 *
 * The address of the connection must be loopback, or in one of the networks that the operator named. So must every address in
 * `X-Forwarded-For` and `Forwarded`, whether the proxy is trusted or not: a wrong one only makes the answer a refusal. The Host
 * header, and a forwarded one, must be a loopback name, which defeats DNS rebinding.
 * @param networks as CIDR or single addresses: where the connections of a container's published port come from, for example
 * @throws Error for text that is not a network
 */
export function onlyForThisMachine(networks: readonly string[], handler: RequestListener): RequestListener {
  const isHere = demoCallers(networks);
  return (request, response) => {
    const stranger = addressesOf(request).find((address) => !isHere(address));
    const hasLoopbackName = hostsOf(request).every((host) => loopbackNames.has(host));
    if (stranger === undefined && hasLoopbackName) {
      handler(request, response);
      return;
    }
    response.writeHead(403, { 'Content-Type': 'text/plain; charset=utf-8', 'X-Content-Type-Options': 'nosniff' });
    response.end(stranger === undefined ? wrongName : wrongAddress(stranger));
  };
}

const wrongName =
  'The demo identity provider is for evaluation and answers as localhost only. Open the console by that name, or set ' +
  'ESCALE_OIDC_ISSUER, ESCALE_OIDC_CLIENT_ID and ESCALE_OIDC_CLIENT_SECRET to a realm of your Keycloak.\n';

const wrongAddress = (address: string): string =>
  `The demo identity provider is for evaluation and answers this machine only; you are ${address}. Behind a published port of a ` +
  'container, name the network that requests come from in ESCALE_DEMO_NETWORKS. For other users, set ESCALE_OIDC_ISSUER, ' +
  'ESCALE_OIDC_CLIENT_ID and ESCALE_OIDC_CLIENT_SECRET to a realm of your Keycloak.\n';

/**
 * The check of one address.
 * @throws Error for text that is not a network
 */
export function demoCallers(networks: readonly string[]): (address: string) => boolean {
  const here = new BlockList();
  for (const network of ['127.0.0.0/8', '::1', ...networks]) addNetwork(here, network);
  return (address) => isIP(address) !== 0 && here.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4');
}

function addNetwork(list: BlockList, network: string): void {
  const [address = '', prefix] = network.split('/');
  const family = isIP(address);
  const most = family === 6 ? 128 : 32;
  const bits = Number(prefix ?? most);
  // A prefix of 0 would be everybody.
  if (family === 0 || !Number.isInteger(bits) || bits < 1 || bits > most)
    throw new Error(`${network.slice(0, 64)} is not a network: write 172.17.0.1 or 172.16.0.0/12`);
  list.addSubnet(address, bits, family === 6 ? 'ipv6' : 'ipv4');
}

/** The address of the connection and everything that proxies say about where the request came from. */
function addressesOf({ socket, headers }: IncomingMessage): string[] {
  const forwarded = [headers['x-forwarded-for'] ?? [], headers['x-real-ip'] ?? []]
    .flat()
    .flatMap((text) => text.split(','));
  const standard = [...(headers.forwarded ?? '').matchAll(/\bfor=("?)([^";,]*)\1/gi)].map(
    ([, , address = '']) => address,
  );
  return [socket.remoteAddress ?? '', ...forwarded, ...standard].map(plainAddress);
}

/** Without port and brackets; an IPv4 address as IPv4, however the socket writes it. */
function plainAddress(text: string): string {
  const trimmed = text.trim();
  const [, bracketed] = /^\[([^\]]*)\](?::\d+)?$/.exec(trimmed) ?? [];
  const address = bracketed ?? (/^[^:]+:\d+$/.test(trimmed) ? trimmed.slice(0, trimmed.indexOf(':')) : trimmed);
  return address.replace(/^::ffff:(?=\d+\.)/i, '');
}

/** The names by which the request came here, in the words of the client and of proxies; no name at all is a wrong one. */
function hostsOf({ headers }: IncomingMessage): string[] {
  const forwarded = [headers['x-forwarded-host'] ?? []].flat().flatMap((text) => text.split(','));
  return [headers.host ?? '', ...forwarded].map((host) => host.trim().replace(/:\d*$/, '').toLowerCase());
}
