import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Session, UsageLogEntry, User } from '@escale/schema/entities';
import { startTestApi, walkToCallback, type TestApi } from '../testing/test-api.ts';
import { subjectOf } from '../testing/test-issuer.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
beforeEach(() => {
  api.issuer.mischief = {};
  api.issuer.person = { name: 'alice' };
});
afterAll(() => api.close());

const em = () => api.database.orm.em.fork();
const target = (answer: Response): string => answer.headers.get('location') ?? '';

describe('GET /auth/login', () => {
  test('leads to the provider with PKCE S256, state and nonce, new each time (S9)', async () => {
    const addresses = await Promise.all(
      [1, 2].map(async () => new URL(target(await api.caller().fetch('/auth/login')))),
    );
    for (const { searchParams, href } of addresses) {
      expect(href.startsWith(`${api.issuer.url}/protocol/openid-connect/auth?`)).toBe(true);
      expect(Object.fromEntries(searchParams)).toMatchObject({
        response_type: 'code',
        client_id: api.issuer.clientId,
        redirect_uri: `${api.url}/auth/callback`,
        code_challenge_method: 'S256',
      });
      expect(searchParams.get('scope')?.split(' ')).toContain('openid');
    }
    for (const name of ['state', 'nonce', 'code_challenge']) {
      const values = addresses.map(({ searchParams }) => searchParams.get(name));
      expect(new Set(values).size).toBe(2);
      expect(values[0]?.length).toBeGreaterThanOrEqual(43);
    }
  });

  test('keeps nonce and verifier in a cookie that scripts cannot read and nobody can open', async () => {
    const answer = await api.caller().fetch('/auth/login?returnTo=/acme');
    const [cookie = ''] = answer.headers.getSetCookie();
    expect(cookie).toMatch(/; path=\/auth\/callback/i);
    expect(cookie).toMatch(/httponly/i);
    expect(cookie).toMatch(/samesite=lax/i);
    const nonce = new URL(target(answer)).searchParams.get('nonce') ?? 'none';
    const value = /=([^;]+)/.exec(cookie)?.[1] ?? '';
    expect(Buffer.from(value, 'base64url').toString('latin1')).not.toContain(nonce);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('leads to a page with words while the provider is down, and works again by itself (P7)', async () => {
    const away = await startTestApi();
    try {
      away.issuer.mischief = { down: true };
      const answer = await away.caller().fetch('/auth/login');
      expect(answer.status).toBe(302);
      expect(target(answer)).toBe('/sign-in?error=provider-unavailable');
      away.issuer.mischief = {};
      const comesBack = () =>
        expect
          .poll(async () => target(await away.caller().fetch('/auth/login')), { timeout: 15_000, interval: 200 })
          .toContain(away.issuer.url);
      await comesBack();
      // Its address is known by now; but a browser that was sent there would have only its own words for what is wrong.
      away.issuer.mischief = { down: true };
      await expect
        .poll(async () => target(await away.caller().fetch('/auth/login')), { timeout: 15_000, interval: 200 })
        .toBe('/sign-in?error=provider-unavailable');
      away.issuer.mischief = {};
      await comesBack();
    } finally {
      await away.close();
    }
  });
});

describe('GET /auth/callback', () => {
  test('the first sign-in makes a user with a derived name and asks to confirm it', async () => {
    api.issuer.person = { name: 'Jean.Dupont@Example.org', sub: 'jean' };
    const browser = api.caller();
    const answer = await browser.fetch(await walkToCallback(browser, '/auth/login?returnTo=/acme/app'));
    expect(target(answer)).toBe('/welcome?returnTo=%2Facme%2Fapp');
    const user = await em().findOneOrFail(User, { issuer: api.issuer.url, subject: 'jean' });
    expect(user.usernameConfirmed).toBe(false);
    expect(user.username).toMatch(/^[a-z0-9]+(?:[._-][a-z0-9]+)*$/);
    const log = await em().find(UsageLogEntry, { namespace: user.username }, { orderBy: { id: 'asc' } });
    expect(log.map(({ kind }) => kind)).toEqual(['user.created', 'user.signed_in']);
  });

  test('the next sign-in finds the same user and goes where one wanted to go', async () => {
    await api.signIn({ name: 'returning' });
    const browser = api.caller();
    const answer = await browser.fetch(await walkToCallback(browser, '/auth/login?returnTo=/acme/app'));
    expect(target(answer)).toBe('/acme/app');
    expect(await em().count(User, { subject: subjectOf({ name: 'returning' }) })).toBe(1);
  });

  test('a return address elsewhere is not followed', async () => {
    await api.signIn({ name: 'alice' });
    for (const returnTo of ['//evil.example', 'https://evil.example', '/\\evil.example', '/%09/evil.example']) {
      const browser = api.caller();
      const answer = await browser.fetch(await walkToCallback(browser, `/auth/login?returnTo=${returnTo}`));
      expect(target(answer)).toBe('/');
    }
  });

  test('two tabs can sign in at once', async () => {
    const browser = api.caller();
    const first = await walkToCallback(browser, '/auth/login?returnTo=/first');
    const second = await walkToCallback(browser, '/auth/login?returnTo=/second');
    await api.signIn({ name: 'alice' });
    expect(target(await browser.fetch(second))).toBe('/second');
    expect(target(await browser.fetch(first))).toBe('/first');
  });

  test('an answer of the provider works once, and only in the browser that asked', async () => {
    const browser = api.caller();
    const callback = await walkToCallback(browser, '/auth/login');
    expect(target(await api.caller().fetch(callback))).toBe('/sign-in?error=expired');
    await browser.fetch(callback);
    const again = await browser.fetch(callback);
    expect(target(again)).toBe('/');
    expect(again.headers.getSetCookie().some((line) => line.startsWith('escale_session='))).toBe(false);
  });

  test('a callback that is loaded again goes home while one is signed in, and asks to sign in when one is not', async () => {
    const browser = await api.signIn({ name: 'reloading' });
    const session = browser.cookies.get('escale_session');
    for (const stale of ['?code=used&state=unknown', '', '?error=access_denied&state=unknown'])
      expect(target(await browser.fetch(`/auth/callback${stale}`))).toBe('/');
    expect(browser.cookies.get('escale_session')).toBe(session);
    browser.cookies.delete('escale_session');
    expect(target(await browser.fetch('/auth/callback?code=used&state=unknown'))).toBe('/sign-in?error=expired');
  });

  test('a second load that overtakes the cookies of the first one leads where one wanted to go', async () => {
    const browser = api.caller();
    const callback = await walkToCallback(browser, '/auth/login?returnTo=/acme');
    const pending = new Map(browser.cookies);
    await browser.fetch(callback);
    for (const [name, value] of pending) browser.cookies.set(name, value);
    expect(target(await browser.fetch(callback))).toBe('/acme');
  });

  const forged: [string, TestApi['issuer']['mischief']][] = [
    [
      'another state',
      {
        callback: (back) => {
          back.set('state', 'x'.repeat(43));
        },
      },
    ],
    [
      'no state',
      {
        callback: (back) => {
          back.delete('state');
        },
      },
    ],
    [
      'another issuer (RFC 9207)',
      {
        callback: (back) => {
          back.set('iss', 'https://evil.example/realms/escale');
        },
      },
    ],
    [
      'no issuer where the provider promised one',
      {
        callback: (back) => {
          back.delete('iss');
        },
      },
    ],
    [
      'another code',
      {
        callback: (back) => {
          back.set('code', 'stolen');
        },
      },
    ],
    ['another nonce', { idToken: (claims) => ({ ...claims, nonce: 'other' }) }],
    ['no nonce', { idToken: ({ nonce: _, ...claims }) => claims }],
    ['another audience', { idToken: (claims) => ({ ...claims, aud: 'other' }) }],
    ['several audiences and another azp', { idToken: (claims) => ({ ...claims, aud: ['escale', 'b'], azp: 'b' }) }],
    ['a token of another issuer', { idToken: (claims) => ({ ...claims, iss: 'https://evil.example' }) }],
    ['an expired token', { idToken: (claims) => ({ ...claims, exp: (claims.iat ?? 0) - 600 }) }],
    ['a token without end', { idToken: ({ exp: _, ...claims }) => claims }],
    ['a token signed by a stranger', { foreignKey: true }],
    ['no subject', { idToken: ({ sub: _, ...claims }) => claims }],
    ['an empty subject', { idToken: (claims) => ({ ...claims, sub: '' }) }],
  ];
  test.each(forged)('%s makes no session (S9)', async (_, mischief) => {
    api.issuer.person = { name: 'victim' };
    api.issuer.mischief = mischief;
    const before = await em().count(Session);
    const browser = api.caller();
    const answer = await browser.fetch(await walkToCallback(browser, '/auth/login'));
    expect(answer.status).toBe(302);
    expect(target(answer)).toMatch(/^\/sign-in\?error=(expired|failed|disabled)$/);
    expect(browser.cookies.has('escale_session')).toBe(false);
    expect(await em().count(Session)).toBe(before);
    expect(await em().count(User, { subject: subjectOf({ name: 'victim' }) })).toBe(0);
  });

  test('a person who says no at the provider reads that, and nothing of the provider is repeated', async () => {
    api.issuer.mischief = {
      callback: (back) => {
        back.delete('code');
        back.set('error', 'access_denied');
        back.set('error_description', '<script>');
      },
    };
    const browser = api.caller();
    const answer = await browser.fetch(await walkToCallback(browser, '/auth/login'));
    expect(target(answer)).toBe('/sign-in?error=refused');
  });

  test('a provider that goes away halfway is said to be unavailable', async () => {
    const browser = api.caller();
    const callback = await walkToCallback(browser, '/auth/login');
    api.issuer.mischief = { down: true };
    expect(target(await browser.fetch(callback))).toBe('/sign-in?error=provider-unavailable');
  });

  test('a disabled user gets no session', async () => {
    await api.signIn({ name: 'gone' });
    await em().nativeUpdate(User, { subject: subjectOf({ name: 'gone' }) }, { disabledAt: new Date() });
    const browser = api.caller();
    const answer = await browser.fetch(await walkToCallback(browser, '/auth/login'));
    expect(target(answer)).toBe('/sign-in?error=disabled');
    expect(browser.cookies.has('escale_session')).toBe(false);
  });
});
