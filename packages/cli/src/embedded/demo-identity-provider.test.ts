import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { afterAll, expect, test } from 'vitest';
import { createDemoIdentityProvider } from './demo-identity-provider.ts';
import { people } from './demo-people.ts';

const folder = await mkdtemp(`${tmpdir()}/escale-idp-`);
afterAll(() => rm(folder, { recursive: true, force: true }));

test.each([
  'https://registry.example.org/realms/escale',
  'http://192.168.1.5:8080/realms/escale',
  'http://localhost.example.org/realms/escale',
])('it does not serve %s, and says what to set instead', async (issuer) => {
  const settings = {
    issuer,
    clientId: 'escale',
    clientSecret: 'x'.repeat(32),
    redirectUris: [],
    postLogoutRedirectUris: [],
    folder,
    password: 'password',
    apiAudience: 'escale-api',
  };
  await expect(createDemoIdentityProvider(settings)).rejects.toThrow(/ESCALE_OIDC_ISSUER/);
});

test('the demo users are always the same people', () => {
  expect(people.map(({ username, sub }) => [username, sub])).toEqual([
    ['alice', people[0]?.sub],
    ['bob', people[1]?.sub],
    ['carol', people[2]?.sub],
    ['admin', people[3]?.sub],
  ]);
  expect(new Set(people.map(({ sub }) => sub)).size).toBe(4);
  for (const { sub } of people) expect(sub).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-a[0-9a-f]{3}-[0-9a-f]{12}$/);
});
