import type { JWTPayload } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startTestApi, walkToCallback, type TestApi } from '../testing/test-api.ts';

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

  test('claims of wrong types are refused, not stored', async () => {
    api.issuer.person = { name: 'odd' };
    api.issuer.mischief = { idToken: (claims): JWTPayload => ({ ...claims, groups: '/escale-admins' }) };
    const browser = api.caller();
    const answer = await browser.fetch(await walkToCallback(browser, '/auth/login'));
    expect(answer.headers.get('location')).toBe('/sign-in?error=failed');
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
