import { expect, test } from 'vitest';
import { ConfigError, readConfig } from '@escale/server-kit/config';
import { deriveConfig, escaleConfig, type EscaleConfig } from './config.ts';

const read = (environment: Record<string, string>): EscaleConfig => deriveConfig(readConfig(escaleConfig, environment));
const problems = (environment: Record<string, string>): string[] => {
  try {
    read(environment);
  } catch (error) {
    if (error instanceof Error) return error.message.split('\n');
    throw error;
  }
  return [];
};

test.each([
  ...['https://registry.example.org/registry', 'https://registry.example.org/?x=1', 'https://registry.example.org/#x'],
  ...[
    'https://user:hunter2@registry.example.org',
    'registry.example.org',
    'ftp://registry.example.org',
    'https://',
    'x',
  ],
])('ESCALE_EXTERNAL_URL=%s is refused at the start, because references begin with a host', (url) => {
  const [problem = '', ...others] = problems({ ESCALE_EXTERNAL_URL: url });
  expect(problem).toMatch(/^ESCALE_EXTERNAL_URL: must be an origin such as https/);
  expect([others, problem.includes('hunter2')]).toEqual([[], false]);
});

test.each([
  ['https://registry.example.org', 'https://registry.example.org'],
  ['https://registry.example.org/', 'https://registry.example.org'],
  ['HTTPS://Registry.Example.org:443//', 'https://registry.example.org'],
  ['http://[::1]:8080', 'http://[::1]:8080'],
])('ESCALE_EXTERNAL_URL=%s is the origin %s', (url, origin) => {
  expect(read({ ESCALE_EXTERNAL_URL: url }).externalUrl).toBe(origin);
});

test('further names have the scheme of the external URL unless they say otherwise; loopback names belong together', () => {
  const names = 'registry.svc:8080, http://registry.internal mirror.example.org';
  const { alsoKnownAs } = read({ ESCALE_EXTERNAL_URL: 'https://registry.example.org', ESCALE_ALSO_KNOWN_AS: names });
  expect(alsoKnownAs).toEqual(['https://registry.svc:8080', 'http://registry.internal', 'https://mirror.example.org']);
  expect(read({}).alsoKnownAs).toEqual(['http://127.0.0.1:8080', 'http://[::1]:8080']);
  expect(problems({ ESCALE_ALSO_KNOWN_AS: 'registry.svc https://x/path' })).toEqual([
    expect.stringMatching(/^ESCALE_ALSO_KNOWN_AS: must list origins or hosts/),
  ]);
});

const key = Buffer.alloc(64, 7).toString('base64');

test.each([
  `DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=${key};EndpointSuffix=core.windows.net`,
  `DefaultEndpointsProtocol=http;AccountName=devstoreaccount1;AccountKey=${key};BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1;`,
  'BlobEndpoint=https://acme.blob.core.windows.net/;SharedAccessSignature=sv=2024-11-04&sig=abc%3D',
  'UseDevelopmentStorage=true',
])('a connection string of Azure is taken', (text) => {
  expect(read({ AZURE_STORAGE_CONNECTION_STRING: text }).blobStore).toBe('azure');
});

test.each([
  [key, /name=value pairs/],
  [
    `"DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=${key};EndpointSuffix=core.windows.net"`,
    /without quotes/,
  ],
  [`DefaultEndpointsProtocol=https;AccountName=acme;AccountKey=;EndpointSuffix=core.windows.net`, /has no AccountKey/],
  [`AccountKey=${key};EndpointSuffix=core.windows.net`, /has no AccountName/],
  ['AccountName=acme;AccountKey=hunter2!hunter2;EndpointSuffix=core.windows.net', /AccountKey that is not Base64/],
  [`AccountName=acme;AccountKey=${key}`, /neither EndpointSuffix nor BlobEndpoint/],
  [`AccountName=acme;AccountKey=${key};BlobEndpoint=hunter2`, /BlobEndpoint that is not/],
  ['SharedAccessSignature=sig=hunter2', /has no BlobEndpoint/],
])('a connection string with an error is refused at the start, without a part of it', (text, words) => {
  const [problem = '', ...others] = problems({ AZURE_STORAGE_CONNECTION_STRING: text });
  expect(problem).toMatch(/^AZURE_STORAGE_CONNECTION_STRING: /);
  expect(problem).toMatch(words);
  expect([others, problem.includes('hunter2'), problem.includes(key.slice(0, 20))]).toEqual([[], false, false]);
});

test('every variable with a wrong value is named, and no value is repeated', () => {
  const wrong: Record<string, string> = {
    ESCALE_PORT: 'hunter2',
    ESCALE_EXTERNAL_URL: 'hunter2',
    ESCALE_OPERATIONS_PORT: 'hunter2',
    ESCALE_DATABASE_URL: 'mysql://hunter2:hunter2@db/x',
    ESCALE_BLOB_STORE: 'hunter2',
    ESCALE_AZURE_ACCOUNT_URL: 'hunter2',
    AZURE_STORAGE_CONNECTION_STRING: 'hunter2',
    ESCALE_AZURE_CONTAINER: 'hunter2 hunter2',
    ESCALE_OIDC_ISSUER: 'hunter2',
    ESCALE_OIDC_REFRESH_SECONDS: 'hunter2',
    ESCALE_OIDC_SYNC_URL: 'hunter2',
    ESCALE_SECRET_KEY: 'hunter2',
    ESCALE_SECRET_KEY_PREVIOUS: 'hunter2',
    ESCALE_DEMO_PASSWORD: 'hunter2',
    ESCALE_REVEAL_TOKENS: 'hunter2',
    ESCALE_WORKERS: 'hunter2',
    ESCALE_UNDO_DAYS: 'hunter2',
    ESCALE_LOG_LEVEL: 'hunter2',
  };
  const told = problems(wrong);
  for (const name of Object.keys(wrong))
    expect(told.filter((line) => line.startsWith(`${name}: `)).length, name).toBe(1);
  expect(told.join()).not.toContain('hunter2');
  expect(() => read(wrong)).toThrow(ConfigError);
});

test.each([
  ['ESCALE_AZURE_ACCOUNT_URL', 'https://acme.blob.core.windows.net/?sv=2024&sig=hunter2'],
  ['ESCALE_OIDC_ISSUER', 'https://user:hunter2@id.example.org/realms/escale'],
  ['ESCALE_OIDC_ISSUER', 'javascript:hunter2'],
  ['ESCALE_OIDC_SYNC_URL', 'https://id.example.org/admin?token=hunter2'],
])('%s with a secret in it is refused, because it is logged', (name, url) => {
  const told = problems({ [name]: url }).filter((line) => line.startsWith(`${name}: `));
  expect(told).toEqual([expect.stringContaining('without a user name, password, query or fragment')]);
  expect(told.join()).not.toContain('hunter2');
});
