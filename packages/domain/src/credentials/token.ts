import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/**
 * A token as people paste it: `esc_<type>_<id>_<secret>_<checksum>` (S1). The id finds the row and may be shown; the secret is
 * 256 random bits; the checksum refuses a typing error without asking the database. Letters and digits only, so that no shell
 * or URL needs care. For secret scanners: `esc_(app|rob|api)_[0-9A-Za-z]{22}_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}`.
 */
export interface Token {
  readonly type: TokenType;
  /** UUID of the token's row. */
  readonly id: string;
  /** What the keyed HMAC is made of. */
  readonly secret: string;
}

/** app: application token; rob: robot token; api: API token. */
export type TokenType = 'app' | 'rob' | 'api';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const form = /^esc_(app|rob|api)_([0-9A-Za-z]{22})_([0-9A-Za-z]{43})_([0-9A-Za-z]{6})$/;

export function newSecret(): string {
  return base62(BigInt(`0x${randomBytes(32).toString('hex')}`), 43);
}

export function writeToken({ type, id, secret }: Token): string {
  const body = `esc_${type}_${base62(BigInt(`0x${id.replaceAll('-', '')}`), 22)}_${secret}`;
  return `${body}_${checksum(body)}`;
}

/** @returns undefined for anything that never was a token of ours, typing errors included */
export function readToken(text: string): Token | undefined {
  const [, type, id, secret, sum] = form.exec(text) ?? [];
  if ((type !== 'app' && type !== 'rob' && type !== 'api') || !id || !secret || sum !== checksum(text.slice(0, -7)))
    return undefined;
  const hex = number(id).toString(16).padStart(32, '0');
  if (hex.length > 32) return undefined;
  const uuid = hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  return { type, id: uuid, secret };
}

/** Characters of every token. */
export const tokenLength = 81;

/** The type of token that a text begins like, quotes and spaces aside, well formed or not; undefined for any other text. */
export function claimedTokenType(text: string): TokenType | undefined {
  const [, type] = /^[\s"'`]*esc_(app|rob|api)_/i.exec(text.slice(0, 32)) ?? [];
  return type === undefined ? undefined : (type.toLowerCase() as TokenType);
}

function checksum(body: string): string {
  return base62(BigInt(crc32(body)), 6);
}

function base62(value: bigint, width: number): string {
  let rest = value;
  let text = '';
  for (let place = 0; place < width; place += 1) {
    text = (alphabet[Number(rest % 62n)] ?? '') + text;
    rest /= 62n;
  }
  return text;
}

function number(text: string): bigint {
  let value = 0n;
  for (const character of text) value = value * 62n + BigInt(alphabet.indexOf(character));
  return value;
}
