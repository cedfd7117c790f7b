import { randomBytes } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestApi, walkToCallback, type TestApi } from '../testing/test-api.ts';
import { identityOf } from './provider-identity.ts';
import { noteIgnored } from './read-claims.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
beforeEach(() => {
  api.issuer.mischief = {};
  api.issuer.person = { name: 'alice' };
});
afterAll(() => api.close());

describe('what the provider says of a person', () => {
  const viewer = '{ viewer { email isAdministrator } }';

  test('membership of the administrators group makes an administrator, and an absent claim ends it', async () => {
    const boss = await api.signIn({ name: 'boss', groups: ['/platform', '/escale-admins'] });
    expect((await boss.graphql(viewer)).data).toMatchObject({ viewer: { isAdministrator: true } });
    const demoted = await api.signIn({ name: 'boss' });
    expect((await demoted.graphql(viewer)).data).toMatchObject({ viewer: { isAdministrator: false } });
  });

  test.each([['escale-admins'], ['/escale-admins/sub'], ['/other/escale-admins'], ['/ESCALE-ADMINS']])(
    'the group %s is another group',
    async (group) => {
      const browser = await api.signIn({ name: 'boss', groups: [group] });
      expect((await browser.graphql(viewer)).data).toMatchObject({ viewer: { isAdministrator: false } });
    },
  );

  test('an address that is not verified is not taken', async () => {
    const browser = await api.signIn({ name: 'carol', email: 'boss@example.org', emailVerified: false });
    expect((await browser.graphql(viewer)).data).toMatchObject({ viewer: { email: null } });
  });

  test('the same name and address from another subject is another person (S9)', async () => {
    await api.signIn({ name: 'dave', sub: 'first' });
    const other = await api.signIn({ name: 'dave', sub: 'second' }, { confirm: false });
    const { data } = await other.graphql('{ viewer { username usernameConfirmed } }');
    expect(data).toEqual({ viewer: { username: 'dave2', usernameConfirmed: false } });
  });

  const long = 'x'.repeat(10_000);
  test.each<[string, Record<string, unknown>]>([
    ['no name', { preferred_username: null }],
    ['a name that is a number', { preferred_username: 7 }],
    ['a name that is an object', { preferred_username: { first: 'a' }, name: { first: 'a' }, given_name: [] }],
    ['an empty name', { preferred_username: '' }],
    ['a very long name', { preferred_username: long }],
    ['a name with a NUL', { preferred_username: 'a\0b' }],
    ['a verification that is a text', { email_verified: 'true' }],
    ['an address that is null', { email: null }],
    ['an address that is a list', { email: ['a@example.org'] }],
    ['a very long address', { email: `${long}@example.org` }],
    ['an address with a NUL', { email: 'a\0@example.org' }],
    ['groups that are a text', { groups: '/escale-admins' }],
    ['groups that are null', { groups: null }],
    ['groups that are an object', { groups: { '/escale-admins': true } }],
    ['odd ones among the groups', { groups: [7, null, ['/escale-admins'], { path: '/escale-admins' }, 'a\0', long] }],
    ['very many groups', { groups: Array.from({ length: 40_000 }, (_, index) => `/g${String(index)}`) }],
    ['a session that is a number', { sid: 7 }],
    ['a session with a NUL', { sid: 'a\0b' }],
    ['a session that fills no index', { sid: randomBytes(5000).toString('hex') }],
    ['a client that is an object', { client_id: {} }],
    ['a locale and a picture of other types', { locale: 1, picture: {}, updated_at: 'yesterday' }],
  ])('%s neither keeps anybody from signing in nor gives a right', async (what, claims) => {
    const name = `odd-${what.replace(/\W+/g, '-')}`;
    const person = { name, claims };
    const browser = await api.signIn(person, { confirm: false });
    const { data } = await browser.graphql('{ viewer { email isAdministrator } }');
    const address = 'email' in claims || 'email_verified' in claims ? null : `${name}@example.org`;
    expect(data).toEqual({ viewer: { email: address, isAdministrator: false } });
  });

  test('what is good among odd claims counts', async () => {
    const claims = { groups: [null, '/escale-admins', 7], email_verified: 'false', preferred_username: 9 };
    const browser = await api.signIn({ name: 'half', claims }, { confirm: false });
    const { data } = await browser.graphql(viewer);
    expect(data).toEqual({ viewer: { email: null, isAdministrator: true } });
  });

  test('the ID token leaves out or spoils what the userinfo says well', async () => {
    api.issuer.mischief = { idToken: (claims): JWTPayload => ({ ...claims, groups: 'none', email: null }) };
    const browser = await api.signIn({ name: 'told-twice', groups: ['/escale-admins'] });
    expect((await browser.graphql(viewer)).data).toEqual({
      viewer: { email: 'told-twice@example.org', isAdministrator: true },
    });
  });

  test.each([{ sub: 7 }, { sub: null }, { sub: '' }, { sub: 'a\0b' }])(
    'the identity stays strict: %j',
    async (spoilt) => {
      api.issuer.person = { name: 'nobody' };
      api.issuer.mischief = { idToken: (claims): JWTPayload => ({ ...claims, ...(spoilt as JWTPayload) }) };
      const browser = api.caller();
      const answer = await browser.fetch(await walkToCallback(browser, '/auth/login'));
      expect(answer.headers.get('location')).toBe('/sign-in?error=failed');
    },
  );

  test('a bearer with odd claims is taken with what is good of it', async () => {
    const odd = { preferred_username: null, email_verified: 'true', groups: '/escale-admins', name: {} };
    const token = await api.issuer.accessToken({ name: 'odd-bearer' }, (claims) => ({ ...claims, ...odd }));
    const { status, data } = await api
      .caller({ authorization: `Bearer ${token}` })
      .graphql('{ viewer { usernameConfirmed isAdministrator } }');
    expect([status, data]).toEqual([200, { viewer: { usernameConfirmed: false, isAdministrator: false } }]);
  });
});

test('a program of the provider has a name at once: nobody is there to confirm it', async () => {
  const authorization = `Bearer ${await api.issuer.accessToken({ name: 'service-account-deploys' }, (claims) => ({
    ...claims,
    client_id: 'deploys',
  }))}`;
  const { data } = await api.caller({ authorization }).graphql('{ viewer { username usernameConfirmed } }');
  expect(data).toEqual({ viewer: { username: 'deploys', usernameConfirmed: true } });
});

test('nor has one whose realm leaves out the client’s id', async () => {
  const token = await api.issuer.accessToken({ name: 'service-account-builds' }, ({ sid: _, ...claims }) => ({
    ...claims,
    azp: 'builds',
  }));
  const caller = api.caller({ authorization: `Bearer ${token}` });
  const { data } = await caller.graphql('{ viewer { username usernameConfirmed } }');
  expect(data).toEqual({ viewer: { username: 'builds', usernameConfirmed: true } });
});

test('a person who is called like a program is none', async () => {
  const token = await api.issuer.accessToken({ name: 'service-account-x' }, (claims) => ({
    ...claims,
    azp: 'x',
    sid: 'a session',
  }));
  const authorization = `Bearer ${token}`;
  const { data } = await api.caller({ authorization }).graphql('{ viewer { username usernameConfirmed } }');
  expect(data).toEqual({ viewer: { username: 'service-account-x', usernameConfirmed: false } });
});

test('what was ignored is logged once, by kind and without its value', () => {
  const lines: unknown[] = [];
  const logger = { warn: (line: unknown) => void lines.push(line) };
  const services = { config: api.config, logger: logger as never };
  for (const secret of ['one', 'two'])
    identityOf(services, { iss: 'https://id.example.org', sub: secret, groups: `/${secret}`, email: { secret } });
  expect(lines).toEqual([{ claims: ['email: object', 'groups: an unusable text'] }]);
  for (let index = 0; index < 500; index += 1) noteIgnored(logger as never, new Set([`note ${String(index)}`]));
  expect(lines.length).toBeLessThanOrEqual(50);
});
