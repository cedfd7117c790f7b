import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Session, User } from '@escale/schema/entities';
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

describe('the cookie of a session', () => {
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
