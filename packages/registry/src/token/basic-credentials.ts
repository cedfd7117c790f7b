import { unauthorized } from '@escale/domain/errors';

/** RFC 7617. The password may hold colons, the user name not. @throws UNAUTHORIZED for what is not that */
export function readBasic(header: string): { username: string; password: string } {
  const encoded = header.slice(header.indexOf(' ') + 1).trim();
  // Tokens have 81 characters; access tokens of an identity provider some thousands.
  if (encoded.length > 24_000 || !/^[A-Za-z0-9+/]+={0,2}$/.test(encoded))
    throw unauthorized('the Basic credentials are malformed');
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  if (colon < 0 || text.includes('\0')) throw unauthorized('the Basic credentials are malformed');
  return { username: text.slice(0, colon), password: text.slice(colon + 1) };
}
