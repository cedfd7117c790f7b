import { describe, expect, test } from 'vitest';
import { limitsOf, requestTimeouts } from './timeouts.ts';
import { parseDatabaseUrl } from './database-url.ts';

const file = import.meta.filename;
const parse = (url: string, caFile?: string) => parseDatabaseUrl(url, caFile);

describe('a URL says', () => {
  test.each([
    [
      'postgres://u:p@db.example.org:6543/name',
      { host: 'db.example.org', port: 6543, user: 'u', password: 'p', database: 'name' },
    ],
    ['postgresql://db/name', { host: 'db', port: 5432, user: undefined, password: undefined }],
    ['postgres://u:p%40ss%2F%3F%23@db/name', { password: 'p@ss/?#' }],
    ['postgres://u:p@ss@db/name', { user: 'u', password: 'p@ss', host: 'db' }],
    ['postgres://u:a:b@db/name', { password: 'a:b' }],
    ['postgres://u@%2Fvar%2Frun%2Fpostgresql/name', { host: '/var/run/postgresql' }],
    [
      'postgres://u@/name?host=/var/run/postgresql&port=5433',
      { host: '/var/run/postgresql', port: 5433, database: 'name' },
    ],
    ['postgres:///name?host=%2Ftmp', { host: '/tmp' }],
    ['postgres://[2001:db8::1]:5433/name', { host: '2001:db8::1', port: 5433 }],
    ['postgres://db?dbname=other&user=w&password=x', { database: 'other', user: 'w', password: 'x' }],
    ['postgres://db/n?application_name=app&connect_timeout=3', { applicationName: 'app', connectTimeout: 3 }],
    ['postgres://db/n?options=-c%20search_path%3Descale', { options: '-c search_path=escale' }],
  ])('%s', (url, expected) => {
    expect(parse(url)).toMatchObject(expected);
  });

  test.each([
    ['', undefined, 'prefer'],
    ['?sslmode=disable', undefined, 'disable'],
    ['?sslmode=require', undefined, 'require'],
    [`?sslmode=verify-ca&sslrootcert=${file}`, undefined, 'verify-ca'],
    ['?sslmode=verify-full&sslrootcert=system', undefined, 'verify-full'],
    ['', file, 'verify-full'],
    ['?sslmode=require', file, 'require'],
  ])('"%s" with the CA file %s is sslmode %s', (query, caFile, mode) => {
    expect(parse(`postgres://db/n${query}`, caFile).tls.mode).toBe(mode);
  });
});

describe('refused, without a word of the password', () => {
  test.each([
    ['mysql://u:hidden@db/n', /form/],
    ['postgres://u:hidden@db/n?sslmod=require', /"sslmod" is not supported/],
    ['postgres://u:hidden@db/n?ssl=true', /"ssl" is not supported/],
    ['postgres://u:hidden@db/n?target_session_attrs=read-write', /"target_session_attrs" is not supported/],
    ['postgres://u:hidden@db/n?sslmode=allow', /sslmode must be one of/],
    ['postgres://u:hidden@db/n?sslmode=', /"sslmode" is empty/],
    ['postgres://u:hidden@db/n?sslmode=require&sslmode=disable', /given twice/],
    ['postgres://u:hidden@db/n?sslrootcert=/nowhere/ca.pem', /\/nowhere\/ca\.pem.*ENOENT/],
    [`postgres://u:hidden@db/n?sslcert=${file}`, /belong together/],
    ['postgres://u:hidden@a,b/n', /several hosts/],
    ['postgres://u:hidden@db:99999/n', /port/],
    ['postgres://u:hidden%zz@db/n', /the password has a %/],
    ['postgres://u:hidden@db/n?connect_timeout=soon', /connect_timeout/],
  ])('%s', (url, reason) => {
    let said = '';
    try {
      parse(url);
    } catch (error) {
      said = String(error);
    }
    expect(said).toMatch(reason);
    expect(said).not.toContain('hidden');
  });
});

test('limits that the operator gives in options stand', () => {
  expect(limitsOf(requestTimeouts, '-c statement_timeout=5min')).not.toHaveProperty('statement_timeout');
  expect(limitsOf(requestTimeouts, '-c statement_timeout=5min')).toHaveProperty('lock_timeout');
});
