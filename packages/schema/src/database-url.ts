import { readFileSync } from 'node:fs';

/** How far TLS is asked for and checked, as libpq (PostgreSQL's own client) defines `sslmode`. */
export const tlsModes = ['disable', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type TlsMode = (typeof tlsModes)[number];

/** Files are read for each connection, so that a renewed certificate needs no restart. */
export interface TlsSettings {
  readonly mode: TlsMode;
  /** PEM file of the accepted CAs; undefined for those that Node.js knows. */
  readonly caFile: string | undefined;
  readonly certificateFile: string | undefined;
  readonly keyFile: string | undefined;
  readonly keyPassword: string | undefined;
}

/** A PostgreSQL server, or a pooler before it, and how to sign in to it. */
export interface ServerAddress {
  /** A name, an address, or the folder of a Unix socket. */
  readonly host: string;
  readonly port: number;
  readonly user: string | undefined;
  readonly password: string | undefined;
  readonly database: string | undefined;
  readonly applicationName: string | undefined;
  /** Command-line options for the server: `-c search_path=escale`. */
  readonly options: string | undefined;
  /** Seconds. */
  readonly connectTimeout: number | undefined;
  readonly tls: TlsSettings;
}

/** What a URL's query may say. */
const parameters = [
  ...['host', 'port', 'user', 'password', 'dbname', 'application_name', 'options', 'connect_timeout'],
  ...['sslmode', 'sslrootcert', 'sslcert', 'sslkey', 'sslpassword'],
];

/** A problem with a database URL, said without any part of its password. */
export class DatabaseUrlInvalid extends Error {}

const form = /^postgres(?:ql)?:\/\/(?<authority>[^/?]*)(?:\/(?<database>[^?]*))?(?:\?(?<query>.*))?$/s;

/**
 * Reads a connection URI as libpq does. What libpq knows and this product does not is refused, because a parameter that is
 * silently dropped (`sslmode` above all) promises more than it keeps.
 * @param url `postgres://user:password@host:5432/name?sslmode=verify-full`
 * @param caFile PEM file of accepted CAs where the URL has no `sslrootcert`; with it, `sslmode` is `verify-full` unless given
 * @throws DatabaseUrlInvalid
 */
export function parseDatabaseUrl(url: string, caFile?: string): ServerAddress {
  const parts = form.exec(url)?.groups;
  if (!parts) throw new DatabaseUrlInvalid('must have the form postgres://user:password@host:5432/name');
  const given = readParameters(parts['query'] ?? '');
  const { host, port, user, password } = readAuthority(parts['authority'] ?? '');
  const timeout = given.get('connect_timeout');
  if (timeout !== undefined && !/^\d{1,5}$/.test(timeout))
    throw new DatabaseUrlInvalid('connect_timeout must be a number of seconds');
  return {
    host: given.get('host') ?? (host || 'localhost'),
    port: readPort(given.get('port') ?? port),
    user: given.get('user') ?? user,
    password: given.get('password') ?? password,
    database: given.get('dbname') ?? (decode(parts['database'] ?? '', 'the name of the database') || undefined),
    applicationName: given.get('application_name'),
    options: given.get('options'),
    connectTimeout: timeout === undefined || timeout === '0' ? undefined : Number(timeout),
    tls: readTls(given, caFile),
  };
}

/** True of the folder of a Unix socket, over which nobody encrypts. */
export const isSocketFolder = (host: string): boolean => host.startsWith('/') || host.startsWith('@');

function readParameters(query: string): Map<string, string> {
  const given = new Map<string, string>();
  for (const pair of query.split('&').filter((text) => text !== '')) {
    const [name = '', ...rest] = pair.split('=');
    const key = decode(name, 'the query');
    if (!parameters.includes(key)) {
      throw new DatabaseUrlInvalid(
        `the parameter "${key.slice(0, 64)}" is not supported; known are ${parameters.join(', ')}`,
      );
    }
    if (given.has(key)) throw new DatabaseUrlInvalid(`the parameter "${key}" is given twice`);
    const value = decode(rest.join('='), `the parameter "${key}"`);
    if (value === '') throw new DatabaseUrlInvalid(`the parameter "${key}" is empty`);
    given.set(key, value);
  }
  return given;
}

function readAuthority(authority: string) {
  const at = authority.lastIndexOf('@');
  const [user = '', ...password] = at < 0 ? [] : authority.slice(0, at).split(':');
  const place = authority.slice(at + 1);
  const [, host = '', port = ''] = /^(\[[^\]]*\]|[^:[\]]*)(?::(\d*))?$/.exec(place) ?? [];
  if (place !== '' && host === '' && port === '')
    throw new DatabaseUrlInvalid(
      'names no single host; for several addresses of one server use a name that leads to them',
    );
  if (host.includes(',')) throw new DatabaseUrlInvalid('names several hosts; give the one that takes writes');
  return {
    host: decode(host.replace(/^\[|\]$/g, ''), 'the host'),
    port: port || undefined,
    user: decode(user, 'the user') || undefined,
    password: decode(password.join(':'), 'the password') || undefined,
  };
}

function readPort(text = '5432'): number {
  const port = Number(text);
  if (!/^\d{1,5}$/.test(text) || port < 1 || port > 65_535) throw new DatabaseUrlInvalid('the port must be 1 to 65535');
  return port;
}

function readTls(given: ReadonlyMap<string, string>, configured: string | undefined): TlsSettings {
  const root = given.get('sslrootcert') ?? configured;
  const caFile = root === 'system' ? undefined : root;
  const mode = given.get('sslmode') ?? (root === undefined ? 'prefer' : 'verify-full');
  if (!isTlsMode(mode)) throw new DatabaseUrlInvalid(`sslmode must be one of ${tlsModes.join(', ')}`);
  if (root === 'system' && mode !== 'verify-full')
    throw new DatabaseUrlInvalid('sslrootcert=system needs sslmode=verify-full');
  const tls = {
    mode,
    caFile,
    certificateFile: given.get('sslcert'),
    keyFile: given.get('sslkey'),
    keyPassword: given.get('sslpassword'),
  };
  if ((tls.certificateFile === undefined) !== (tls.keyFile === undefined))
    throw new DatabaseUrlInvalid('sslcert and sslkey belong together');
  const files = [
    [given.has('sslrootcert') ? 'sslrootcert' : 'the CA file', caFile],
    ['sslcert', tls.certificateFile],
    ['sslkey', tls.keyFile],
  ] as const;
  for (const [name, file] of files) if (file !== undefined && mode !== 'disable') requireReadable(name, file);
  return tls;
}

function isTlsMode(text: string): text is TlsMode {
  return (tlsModes as readonly string[]).includes(text);
}

function requireReadable(name: string, file: string): void {
  try {
    readFileSync(file);
  } catch (cause) {
    const { code = 'unreadable' } = cause as { code?: string };
    throw new DatabaseUrlInvalid(`${name} names the file ${file}, which cannot be read (${code})`, { cause });
  }
}

function decode(text: string, what: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    throw new DatabaseUrlInvalid(`${what} has a % that is no escape; write % itself as %25`, { cause });
  }
}
