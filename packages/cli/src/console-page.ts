import type { IncomingMessage } from 'node:http';

/** First segments of the console's own pages (the router of packages/web). Names below them may hold dots. */
const pages: ReadonlySet<string> = new Set([
  ...['', 'sign-in', 'welcome', 'organizations', 'users', 'repositories', 'settings', 'search', 'admin', 'new'],
]);

/**
 * First segments that only programs ask for: older registry protocols, other products' APIs, probes, and what other parts of the
 * product answer when it is theirs. A program that expects 404 must not take the console's page for an answer.
 */
const machines: ReadonlySet<string> = new Set([
  ...['api', 'apis', 'rest', 'rpc', 'graphql', 'auth', 'oauth', 'oauth2', 'token', 'realms', 'assets'],
  ...['health', 'healthz', 'livez', 'readyz', 'live', 'ready', 'ping', 'status', 'version', 'metrics', 'actuator'],
  ...['service', 'extensions', 'chartrepo', 'artifactory', 'nexus', 'scim', 'jwks', 'swagger', 'graphiql', 'debug'],
]);

/** Versions of an API (`v1`, `v1alpha1`, `v0.1`, `v2beta`), and what begins with an underscore. */
const machinePrefix = /^(?:v\d|_)/i;

/** Whether a request for something that is no file is answered with the console's page, whose router knows the rest. */
export function isForConsolePage({ url = '/', headers }: Pick<IncomingMessage, 'url' | 'headers'>): boolean {
  const segments = segmentsOf(url);
  if (!segments || !acceptsHtml(headers.accept)) return false;
  const [first = ''] = segments;
  if (pages.has(first) || isPageFile(url)) return true;
  const forMachines = machines.has(first.toLowerCase()) || machinePrefix.test(first);
  // An unknown page is the console's own 404; an unknown file is not there.
  return !forMachines && !/\.\w+$/.test(segments.at(-1) ?? '');
}

/** Whether a path is that of the page's own file, as a file server would find it. */
export function isPageFile(url: string): boolean {
  const segments = segmentsOf(url);
  return segments?.length === 0 || (segments?.length === 1 && pageFile.test(segments[0] ?? ''));
}

const pageFile = /^index(?:\.html?)?$/;

/** @returns undefined for a path that cannot be decoded, or that has a hidden part (`/.well-known/`, `/../`) */
function segmentsOf(url: string): string[] | undefined {
  const [path = ''] = url.split('?', 1);
  try {
    const segments = decodeURIComponent(path).split('/').filter(Boolean);
    return segments.some((segment) => segment.startsWith('.')) ? undefined : segments;
  } catch {
    return undefined;
  }
}

/** Whether an Accept header allows HTML (RFC 9110 §12.5.1); an absent one allows everything. */
function acceptsHtml(accept: string | undefined): boolean {
  if (accept === undefined || accept.trim() === '') return true;
  return accept.split(',').some((range) => {
    const [type = '', ...parameters] = range.split(';').map((part) => part.trim().toLowerCase());
    const refused = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
    return !refused && ['text/html', 'application/xhtml+xml', 'text/*', '*/*'].includes(type);
  });
}
