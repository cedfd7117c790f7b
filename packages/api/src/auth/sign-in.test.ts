import { createHash } from 'node:crypto';
import type { JWTPayload } from 'jose';
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
      await expect
        .poll(async () => target(await away.caller().fetch('/auth/login')), { timeout: 5000, interval: 200 })
        .toContain(away.issuer.url);
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

  test('the session cookie is HttpOnly, Lax, for the whole origin, and its value is not in the database (S8)', async () => {
    const browser = api.caller();
    const answer = await browser.fetch(await walkToCallback(browser, '/auth/login'));
    const cookie = answer.headers.getSetCookie().find((line) => line.startsWith('escale_session=')) ?? '';
    expect(cookie).toMatch(/httponly/i);
    expect(cookie).toMatch(/samesite=lax/i);
    expect(cookie).toMatch(/path=\/(;|$)/i);
    const value = /=([^;]+)/.exec(cookie)?.[1] ?? '';
    expect(Buffer.from(value, 'base64url')).toHaveLength(32);
    expect(await em().count(Session, { id: value })).toBe(0);
    expect(await em().count(Session, { id: createHash('sha256').update(value).digest('hex') })).toBe(1);
    expect(answer.headers.get('cache-control')).toBe('no-store');
  });

  test('a cookie planted before signing in is not taken over, and an earlier session of the browser ends (S8)', async () => {
    const browser = api.caller();
    const planted = 'A'.repeat(43);
    browser.cookies.set('escale_session', planted);
    await browser.fetch(await walkToCallback(browser, '/auth/login'));
    const first = browser.cookies.get('escale_session') ?? '';
    expect(first).not.toBe(planted);
    await browser.fetch(await walkToCallback(browser, '/auth/login'));
    expect(browser.cookies.get('escale_session')).not.toBe(first);
    const thief = api.caller();
    thief.cookies.set('escale_session', first);
    expect((await thief.graphql('{ viewer { id } }')).data).toEqual({ viewer: null });
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
    expect(target(again)).toBe('/sign-in?error=expired');
    expect(again.headers.getSetCookie().some((line) => line.startsWith('escale_session='))).toBe(false);
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
    expect(target(answer)).toBe('/sign-in?error=failed');
  });
});

describe('a session', () => {
  const viewer = '{ viewer { id } }';

  test.each([
    ['12 hours without a request', { lastSeenAt: new Date(Date.now() - 12 * 3600 * 1000) }],
    ['7 days in any case', { expiresAt: new Date(Date.now() - 1) }],
  ])('ends after %s', async (_, change) => {
    const browser = await api.signIn({ name: 'alice' });
    const id = createHash('sha256')
      .update(browser.cookies.get('escale_session') ?? '')
      .digest('hex');
    expect((await browser.graphql(viewer)).data['viewer']).not.toBeNull();
    await em().nativeUpdate(Session, { id }, change);
    expect((await browser.graphql(viewer)).data['viewer']).toBeNull();
  });

  test('ended sessions of a person are removed at the next sign-in', async () => {
    await api.signIn({ name: 'often' });
    const user = await em().findOneOrFail(User, { subject: subjectOf({ name: 'often' }) });
    await em().nativeUpdate(Session, { user: user.id }, { expiresAt: new Date(Date.now() - 1) });
    await api.signIn({ name: 'often' });
    expect(await em().count(Session, { user: user.id })).toBe(1);
  });

  test('is noted as used at most once a minute', async () => {
    const browser = await api.signIn({ name: 'alice' });
    const id = createHash('sha256')
      .update(browser.cookies.get('escale_session') ?? '')
      .digest('hex');
    const seen = async () => (await em().findOneOrFail(Session, { id })).lastSeenAt.getTime();
    const begun = await seen();
    await browser.graphql(viewer);
    expect(await seen()).toBe(begun);
    await em().nativeUpdate(Session, { id }, { lastSeenAt: new Date(begun - 61_000) });
    await browser.graphql(viewer);
    expect(await seen()).toBeGreaterThan(begun - 1000);
  });
});

test('behind what terminates TLS, cookies are Secure and bound to the host (S8)', async () => {
  const secure = await startTestApi({ externalUrl: 'https://registry.example.org' });
  try {
    const browser = secure.caller();
    const away = await browser.fetch('/auth/login');
    expect(away.headers.getSetCookie()[0]).toMatch(/; secure/i);
    const back = await fetch(target(away), { redirect: 'manual' });
    const { origin, pathname, search } = new URL(target(back));
    expect(origin).toBe('https://registry.example.org');
    const answer = await browser.fetch(pathname + search);
    expect(target(answer)).toBe('/welcome');
    const cookie = answer.headers.getSetCookie().find((line) => line.includes('escale_session=')) ?? '';
    expect(cookie).toMatch(/^__Host-escale_session=/);
    expect(cookie).toMatch(/; secure/i);
    expect(cookie).not.toMatch(/domain=/i);
    const own = await browser.graphql('{ viewer { id } }', {}, { origin: 'https://registry.example.org' });
    expect(own.data['viewer']).not.toBeNull();
    expect((await browser.graphql('{ viewer { id } }')).status).toBe(403);
  } finally {
    await secure.close();
  }
});
