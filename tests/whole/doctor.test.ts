import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { examine } from '../support/doctor.ts';
import { startFalseProvider, type Falsehood } from '../support/false-provider.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
let base: Record<string, string>;
/** The demo identity provider as if it were somebody else's. */
let external: Record<string, string>;
beforeAll(async () => {
  stack = await startStack();
  base = {
    ESCALE_PORT: String(stack.port),
    ESCALE_DATA_DIR: stack.dataDir,
    ESCALE_DEMO_PASSWORD: stack.demoPassword,
  };
  external = {
    ...base,
    ESCALE_OIDC_ISSUER: `${stack.url}/realms/escale`,
    ESCALE_OIDC_CLIENT_ID: 'escale',
    ESCALE_OIDC_CLIENT_SECRET: readFileSync(path.join(stack.dataDir, 'demo-client-secret'), 'utf8').trim(),
  };
});
afterAll(() => stack.stop());

test('finds nothing wrong with a product that runs, groups and audience included', async () => {
  const { code, outcomes, text } = await examine(base);
  expect([code, outcomes], text).toEqual([
    0,
    {
      configuration: 'ok',
      database: 'ok',
      'blob store': 'ok',
      issuer: 'ok',
      clock: 'ok',
      keys: 'ok',
      'redirect URI': 'ok',
      'client secret': 'ok',
      'sign-in': 'ok',
      audience: 'ok',
      groups: 'ok',
      'look at groups': 'not checked',
    },
  ]);
});

describe('names what is wrong, and what to do about it', () => {
  const alice = () => ({ username: 'alice', password: stack.demoPassword });
  const azure = (port: number) =>
    `DefaultEndpointsProtocol=http;AccountName=a;AccountKey=YQ==;BlobEndpoint=http://127.0.0.1:${String(port)}/a;`;

  test.each([
    ['configuration', { ESCALE_PORT: 'eighty' }, 'README'],
    ['configuration', { ESCALE_OIDC_CLIENT_ID: '' }, 'belongs together'],
    [
      'database',
      { ESCALE_DATABASE_URL: 'postgres://nobody:x@127.0.0.1:1/none', ESCALE_SECRET_KEY: 'x'.repeat(40) },
      'ESCALE_DATABASE_URL',
    ],
    ['blob store', { AZURE_STORAGE_CONNECTION_STRING: azure(1) }, 'AZURE_STORAGE_CONNECTION_STRING'],
    ['issuer', { ESCALE_OIDC_ISSUER: 'http://127.0.0.1:1/realms/escale' }, 'ESCALE_OIDC_ISSUER'],
    ['redirect URI', { ESCALE_EXTERNAL_URL: 'http://localhost:1' }, 'Valid redirect URIs'],
    ['redirect URI', { ESCALE_OIDC_CLIENT_ID: 'stranger' }, 'ESCALE_OIDC_CLIENT_ID'],
    ['client secret', { ESCALE_OIDC_CLIENT_SECRET: 'another' }, 'ESCALE_OIDC_CLIENT_SECRET'],
    ['audience', { ESCALE_API_AUDIENCE: 'another-api' }, 'ESCALE_API_AUDIENCE'],
    [
      'look at groups',
      { ESCALE_OIDC_SYNC_CLIENT_ID: 'escale-sync', ESCALE_OIDC_SYNC_CLIENT_SECRET: 'x' },
      'view-users',
    ],
  ])('%s', async (check, broken, fix) => {
    const { code, outcomes, fixes, text } = await examine({ ...external, ...broken }, alice());
    expect([code, outcomes[check]], text).toEqual([1, 'failed']);
    expect(fixes[check]).toContain(fix);
  });

  const hour = 3600;
  const elliptic = { kty: 'EC', kid: 'one', use: 'sig', crv: 'P-256', x: 'AA', y: 'AA' };
  const forEncryption = { kty: 'RSA', kid: 'one', use: 'enc', n: 'AA', e: 'AQAB' };
  const lies: [string, string, Falsehood, Record<string, string>, RegExp][] = [
    ['clock', 'one hour behind it', { clockSeconds: hour }, {}, /NTP/],
    ['clock', 'one hour ahead of it', { clockSeconds: -hour }, {}, /NTP/],
    ['keys', 'none for signatures', { keys: { keys: [elliptic, forEncryption] } }, {}, /rsa-generated/],
    ['keys', 'something else', { keys: 'no keys here' }, {}, /rsa-generated/],
    ['keys', 'at an address where nobody is', { metadata: { jwks_uri: 'http://127.0.0.1:1/certs' } }, {}, /--hostname/],
    [
      'issuer',
      'another name than it is known by here',
      { metadata: { issuer: 'https://id.example.org/realms/escale' } },
      { clock: 'ok' },
      /set ESCALE_OIDC_ISSUER=https:\/\/id\.example\.org\/realms\/escale, or .*--hostname/,
    ],
  ];
  test.each(lies)('%s of the provider: %s', async (check, _, falsehood, others, fix) => {
    await using provider = await startFalseProvider(external['ESCALE_OIDC_ISSUER'] ?? '', falsehood);
    const { code, outcomes, fixes, text } = await examine({ ...external, ESCALE_OIDC_ISSUER: provider.issuer });
    expect([code, outcomes], text).toEqual([1, expect.objectContaining({ [check]: 'failed', ...others }) as object]);
    expect(Object.entries(outcomes).filter(([, outcome]) => outcome === 'failed')).toHaveLength(1);
    expect(fixes[check]).toMatch(fix);
  });

  test('clocks that are 20 s apart are well', async () => {
    await using provider = await startFalseProvider(external['ESCALE_OIDC_ISSUER'] ?? '', { clockSeconds: 20 });
    const { code, outcomes, text } = await examine({ ...external, ESCALE_OIDC_ISSUER: provider.issuer });
    expect([code, outcomes['clock']], text).toEqual([0, 'ok']);
  });

  test('a realm that does not exist', async () => {
    const { outcomes, fixes } = await examine({ ...external, ESCALE_OIDC_ISSUER: `${stack.url}/realms/none` });
    expect(outcomes['issuer']).toBe('failed');
    expect(fixes['issuer']).toContain('realm that exists');
  });

  test('a password that does not hold', async () => {
    const { outcomes } = await examine(external, { username: 'alice', password: 'wrong' });
    expect(outcomes['sign-in']).toBe('failed');
  });
});
