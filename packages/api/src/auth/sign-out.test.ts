import { randomUUID } from 'node:crypto';
import type { JWTPayload } from 'jose';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Session, UsageLogEntry } from '@escale/schema/entities';
import { createLogger } from '@escale/server-kit/logger';
import { startTestApi, type Caller, type TestApi } from '../testing/test-api.ts';
import { subjectOf } from '../testing/test-issuer.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
});
beforeEach(() => {
  api.issuer.mischief = {};
});
afterAll(() => api.close());

const viewer = '{ viewer { username } }';
const own = () => ({ 'x-escale-csrf': '1', origin: api.url });

describe('POST /auth/logout', () => {
  test('ends the session and says where it ends at the provider', async () => {
    const browser = await api.signIn({ name: 'alice' });
    const cookie = browser.cookies.get('escale_session') ?? '';
    const answer = await browser.fetch('/auth/logout', { method: 'POST', headers: own() });
    const { redirectTo } = (await answer.json()) as { redirectTo: string };
    const { searchParams, href } = new URL(redirectTo);
    expect(href.startsWith(`${api.issuer.url}/protocol/openid-connect/logout?`)).toBe(true);
    expect(searchParams.get('post_logout_redirect_uri')).toBe(`${api.url}/sign-in?reason=signed-out`);
    expect(searchParams.get('id_token_hint')?.split('.')).toHaveLength(3);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(browser.cookies.has('escale_session')).toBe(false);
    const thief = api.caller();
    thief.cookies.set('escale_session', cookie);
    expect((await thief.graphql(viewer)).data).toEqual({ viewer: null });
    const log = await api.database.orm.em.fork().find(UsageLogEntry, { namespace: 'alice', kind: 'user.signed_out' });
    expect(log).toHaveLength(1);
  });

  test.each([
    ['without the header', () => ({ origin: api.url })],
    ['from another site', () => ({ 'x-escale-csrf': '1', origin: 'https://evil.example' })],
  ])('%s answers 403, and the session lives on', async (_, headers) => {
    const browser = await api.signIn({ name: 'alice' });
    const answer = await browser.fetch('/auth/logout', {
      method: 'POST',
      headers: headers() as Record<string, string>,
    });
    expect(answer.status).toBe(403);
    expect((await browser.graphql(viewer)).data['viewer']).not.toBeNull();
  });

  test('without a session leads to the page that says so', async () => {
    const answer = await api.caller().fetch('/auth/logout', { method: 'POST', headers: own() });
    expect(await answer.json()).toEqual({ redirectTo: `${api.url}/sign-in?reason=signed-out` });
  });

  test('ends the session although its ID token was sealed with another secret key', async () => {
    const browser = await api.signIn({ name: 'rekeyed' });
    const em = api.database.orm.em.fork();
    await em.nativeUpdate(Session, { providerSession: api.issuer.lastSession }, { idToken: Buffer.alloc(64) });
    const answer = await browser.fetch('/auth/logout', { method: 'POST', headers: own() });
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as { redirectTo: string }).redirectTo).not.toContain('id_token_hint');
    expect((await browser.graphql(viewer)).data).toEqual({ viewer: null });
  });

  test('GET leads home and ends nothing: an image on a foreign page must not sign anybody out', async () => {
    const browser = await api.signIn({ name: 'alice' });
    const answer = await browser.fetch('/auth/logout');
    expect([answer.status, answer.headers.get('location')]).toEqual([302, '/']);
    expect((await browser.graphql(viewer)).data['viewer']).not.toBeNull();
  });
});

describe('POST /auth/backchannel-logout', () => {
  const event = 'http://schemas.openid.net/event/backchannel-logout';
  let browser: Caller;
  let session: string;
  beforeEach(async () => {
    browser = await api.signIn({ name: 'bob' });
    session = api.issuer.lastSession;
  });

  const claims = (): JWTPayload => ({
    iss: api.issuer.url,
    aud: api.issuer.clientId,
    sub: subjectOf({ name: 'bob' }),
    sid: session,
    jti: randomUUID(),
    iat: Math.floor(Date.now() / 1000),
    exp: Math.floor(Date.now() / 1000) + 120,
    events: { [event]: {} },
    typ: 'Logout',
  });
  const send = async (token: string): Promise<number> => {
    const body = new URLSearchParams({ logout_token: token });
    return (await api.caller().fetch('/auth/backchannel-logout', { method: 'POST', body })).status;
  };
  const signedIn = async () => (await browser.graphql(viewer)).data['viewer'] !== null;

  test.each(['JWT', 'logout+jwt'])('ends that session alone, with the header type %s', async (typ) => {
    const elsewhere = await api.signIn({ name: 'bob' });
    expect(await send(await api.issuer.sign(claims(), { typ }))).toBe(200);
    expect(await signedIn()).toBe(false);
    expect((await elsewhere.graphql(viewer)).data['viewer']).not.toBeNull();
  });

  test('without a session id ends all of the person, and nobody else', async () => {
    const elsewhere = await api.signIn({ name: 'bob' });
    const alice = await api.signIn({ name: 'alice' });
    const { sid: _, ...named } = claims();
    expect(await send(await api.issuer.sign(named))).toBe(200);
    expect(await signedIn()).toBe(false);
    expect((await elsewhere.graphql(viewer)).data['viewer']).toBeNull();
    expect((await alice.graphql(viewer)).data['viewer']).not.toBeNull();
  });

  const forged: [string, (good: JWTPayload) => JWTPayload][] = [
    ['of another issuer', (good) => ({ ...good, iss: 'https://evil.example' })],
    ['for another client', (good) => ({ ...good, aud: 'other' })],
    ['that is expired', (good) => ({ ...good, exp: Math.floor(Date.now() / 1000) - 60 })],
    ['from an hour ago without end', ({ exp: _, ...good }) => ({ ...good, iat: Math.floor(Date.now() / 1000) - 3600 })],
    ['with a nonce, as an ID token has', (good) => ({ ...good, nonce: 'n' })],
    ['without events, as an ID token', ({ events: _, ...good }) => good],
    ['with another event', (good) => ({ ...good, events: { 'http://schemas.openid.net/event/other': {} } })],
    ['without jti', ({ jti: _, ...good }) => good],
    ['that names nobody', ({ sub: _, sid: __, ...good }) => good],
  ];
  test.each(forged)('a token %s answers 400 and ends nothing', async (_, alter) => {
    expect(await send(await api.issuer.sign(alter(claims())))).toBe(400);
    expect(await signedIn()).toBe(true);
  });

  test('what is no token of the provider answers 400', async () => {
    const good = await api.issuer.sign(claims());
    const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${good.split('.')[1] ?? ''}.`;
    for (const token of ['', 'nonsense', `${good.slice(0, -8)}AAAAAAAA`, unsigned, 'x'.repeat(17_000)]) {
      expect(await send(token)).toBe(400);
    }
    expect((await api.caller().fetch('/auth/backchannel-logout', { method: 'POST' })).status).toBe(400);
    expect(await signedIn()).toBe(true);
  });

  test('a flood of refused tokens and sign-ins writes a few short lines', async () => {
    const lines: string[] = [];
    const logger = createLogger({ level: 'silent' });
    Object.assign(logger, { warn: (...line: unknown[]) => lines.push(JSON.stringify(line)) });
    const other = await startTestApi({ logger });
    try {
      const flooder = other.caller();
      const login = new URL((await flooder.fetch('/auth/login')).headers.get('location') ?? '');
      const state = login.searchParams.get('state') ?? '';
      const cookies = [...flooder.cookies].map(([name, value]) => `${name}=${value}`).join('; ');
      for (let count = 0; count < 50; count += 1) {
        const body = new URLSearchParams({ logout_token: 'x'.repeat(16_000) });
        expect((await flooder.fetch('/auth/backchannel-logout', { method: 'POST', body })).status).toBe(400);
        const failing = new URLSearchParams({ state, error: 'x', error_description: 'y'.repeat(4000) });
        const answer = await fetch(`${other.url}/auth/callback?${failing.toString()}`, {
          headers: { cookie: cookies },
          redirect: 'manual',
        });
        expect(answer.headers.get('location')).toBe('/sign-in?error=refused');
      }
    } finally {
      await other.close();
    }
    expect(lines.filter((line) => line.includes('back-channel logout'))).toHaveLength(11);
    expect(lines.filter((line) => line.includes('sign-in did not'))).toHaveLength(11);
    for (const line of lines) expect(line.length).toBeLessThan(400);
    expect(lines.at(-1)).toContain('"more":40');
  });

  test('a flood of tokens with unknown keys asks the provider once (S9)', async () => {
    await send(await api.issuer.sign(claims()));
    const before = api.issuer.keyRequests;
    for (let count = 0; count < 20; count += 1) {
      expect(await send(await api.issuer.sign(claims(), { kid: `unknown-${String(count)}` }))).toBe(400);
    }
    expect(api.issuer.keyRequests - before).toBeLessThanOrEqual(1);
  });

  test.each(['html', 'failing'] as const)(
    'keys that are %s answer 503, so that the provider sends it again',
    async (keys) => {
      const other = await startTestApi();
      try {
        other.issuer.mischief = { keys };
        const body = new URLSearchParams({
          logout_token: await other.issuer.sign({ ...claims(), iss: other.issuer.url }),
        });
        const answer = await other.caller().fetch('/auth/backchannel-logout', { method: 'POST', body });
        expect(answer.status).toBe(503);
      } finally {
        await other.close();
      }
    },
  );
});
