import { generateKeyPair, SignJWT, UnsecuredJWT, type JWTPayload } from 'jose';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { User } from '@escale/schema/entities';
import { startTestApi, type Answer, type TestApi } from '../testing/test-api.ts';
import { subjectOf } from '../testing/test-issuer.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi();
  await api.signIn({ name: 'alice' });
});
beforeEach(() => {
  api.issuer.mischief = {};
});
afterAll(() => api.close());

const alice = { name: 'alice' };
const now = () => Math.floor(Date.now() / 1000);
const viewer = '{ viewer { username } organizations { totalCount } }';
const bearer = (token: string, on: TestApi = api): Promise<Answer> =>
  on.caller({ authorization: `Bearer ${token}` }).graphql(viewer);

describe('an access token of the realm', () => {
  test('is the person, with the audience as a text or in a list', async () => {
    for (const aud of ['escale-api', ['account', 'escale-api']]) {
      const answer = await bearer(await api.issuer.accessToken(alice, (claims) => ({ ...claims, aud })));
      expect(answer.data).toMatchObject({ viewer: { username: 'alice' } });
    }
  });

  test('needs no x-escale-csrf: no browser sends a bearer by itself', async () => {
    const authorization = `Bearer ${await api.issuer.accessToken(alice)}`;
    const answer = await api.caller().fetch('/graphql', {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json', origin: 'https://automation.example' },
      body: JSON.stringify({ query: viewer }),
    });
    expect(await answer.json()).toMatchObject({ data: { viewer: { username: 'alice' } } });
  });

  test('of somebody new makes a user, who confirms the name before anything else', async () => {
    const authorization = `Bearer ${await api.issuer.accessToken({ name: 'machine' })}`;
    const program = api.caller({ authorization });
    const early = await program.graphql(
      'mutation { createRepository(input: { name: "machine/x" }) { repository { id } } }',
    );
    expect(early.errors.map(({ extensions }) => extensions.code)).toEqual(['DENIED']);
    await program.graphql('mutation { confirmUsername(input: { username: "robocop" }) { viewer { id } } }');
    const later = await program.graphql(
      'mutation { createRepository(input: { name: "robocop/x" }) { repository { name } } }',
    );
    expect(later.data).toEqual({ createRepository: { repository: { name: 'robocop/x' } } });
    const user = await api.database.orm.em.fork().findOneOrFail(User, { subject: subjectOf({ name: 'machine' }) });
    expect(user.issuer).toBe(api.issuer.url);
  });

  test('of somebody new makes one user for many requests at once, more than there are connections', async () => {
    const tokens = await Promise.all(Array.from({ length: 20 }, () => api.issuer.accessToken({ name: 'busy' })));
    const answers = await Promise.all(tokens.map((token) => bearer(token)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 20 }, () => 200));
    const em = api.database.orm.em.fork();
    expect(await em.count(User, { subject: subjectOf({ name: 'busy' }) })).toBe(1);
  });

  test('of a disabled user is refused', async () => {
    await api.signIn({ name: 'gone' });
    const em = api.database.orm.em.fork();
    await em.nativeUpdate(User, { subject: subjectOf({ name: 'gone' }) }, { disabledAt: new Date() });
    expect((await bearer(await api.issuer.accessToken({ name: 'gone' }))).status).toBe(401);
  });
});

describe('a forged or foreign token answers 401', () => {
  const claims: [string, (good: JWTPayload) => JWTPayload, string][] = [
    ['for another audience', (good) => ({ ...good, aud: 'escale-sync' }), 'its audience lacks escale-api'],
    ['without audience', ({ aud: _, ...good }) => good, 'its audience lacks escale-api'],
    ['with an empty audience', (good) => ({ ...good, aud: [] }), 'its audience lacks escale-api'],
    ['of another realm', (good) => ({ ...good, iss: `${api.issuer.url}x` }), 'is not of the issuer'],
    ['without issuer', ({ iss: _, ...good }) => good, 'is not of the issuer'],
    ['that is expired', (good) => ({ ...good, exp: now() - 1 }), 'has expired'],
    ['without end', ({ exp: _, ...good }) => good, 'from when to when'],
    ['with a text as its end', (good) => ({ ...good, exp: '9999999999' as unknown as number }), ''],
    ['not yet begun', (good) => ({ ...good, nbf: now() + 120 }), 'does not hold yet'],
    ['from the future', (good) => ({ ...good, iat: now() + 120 }), 'does not hold yet'],
    ['without time of issue', ({ iat: _, ...good }) => good, 'from when to when'],
    ['that is an ID token', (good) => ({ ...good, typ: 'ID' }), 'is no access token'],
    ['that is a refresh token', (good) => ({ ...good, typ: 'Refresh' }), 'is no access token'],
    ['without type', ({ typ: _, ...good }) => good, 'is no access token'],
    ['without subject', ({ sub: _, ...good }) => good, 'does not say whose it is'],
    ['with an empty subject', (good) => ({ ...good, sub: '' }), 'does not say whose it is'],
  ];
  test.each(claims)('%s', async (_, alter, reason) => {
    const answer = await bearer(await api.issuer.accessToken(alice, alter));
    expect(answer.status).toBe(401);
    expect(answer.errors[0]?.extensions.code).toBe('UNAUTHORIZED');
    expect(answer.errors[0]?.message).toContain(reason);
    // RFC 6750: a program reads it there.
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="escale", error="invalid_token", error_desc/);
    expect(answer.headers.get('www-authenticate')).toContain(reason);
  });

  const texts: [string, (good: string, payload: JWTPayload) => string | Promise<string>][] = [
    ['altered', (good) => `${good.slice(0, -10)}${good.slice(-10).split('').reverse().join('')}`],
    [
      'with other claims under the same signature',
      (good, payload) => {
        const [head = '', , signature = ''] = good.split('.');
        const body = Buffer.from(JSON.stringify({ ...payload, sub: 'admin' })).toString('base64url');
        return `${head}.${body}.${signature}`;
      },
    ],
    ['with alg none', (_, payload) => new UnsecuredJWT(payload).encode()],
    [
      'with alg none and a key id',
      (good) => {
        const head = Buffer.from(JSON.stringify({ alg: 'none', kid: api.issuer.kid })).toString('base64url');
        return `${head}.${good.split('.')[1] ?? ''}.`;
      },
    ],
    [
      'with the public key as HMAC secret',
      (_, payload) =>
        new SignJWT(payload).setProtectedHeader({ alg: 'HS256', kid: api.issuer.kid }).sign(Buffer.alloc(32, 'k')),
    ],
    [
      'signed by a stranger under the realm’s key id',
      async (_, payload) => {
        const { privateKey } = await generateKeyPair('RS256');
        return new SignJWT(payload).setProtectedHeader({ alg: 'RS256', kid: api.issuer.kid }).sign(privateKey);
      },
    ],
    [
      'that brings its own key',
      async (_, payload) => {
        const { privateKey } = await generateKeyPair('RS256', { extractable: true });
        const header = {
          alg: 'RS256',
          kid: api.issuer.kid,
          jku: 'https://evil.example/keys',
          x5u: 'https://evil.example',
        };
        return new SignJWT(payload).setProtectedHeader(header).sign(privateKey);
      },
    ],
    [
      'with PS256',
      async (_, payload) => {
        const { privateKey } = await generateKeyPair('PS256');
        return new SignJWT(payload).setProtectedHeader({ alg: 'PS256', kid: api.issuer.kid }).sign(privateKey);
      },
    ],
    [
      'with an extension that must be understood',
      (_, payload) => api.issuer.sign(payload, { crit: ['b64'], b64: true }),
    ],
    ['without key id', (_, payload) => api.issuer.sign(payload, { kid: undefined })],
    ['with an unknown key id', (_, payload) => api.issuer.sign(payload, { kid: 'unknown' })],
    ['of two parts', (good) => good.split('.').slice(0, 2).join('.')],
    ['of five parts', (good) => `${good}.a.b`],
    [
      'with JSON that is no object',
      () => `${Buffer.from('1').toString('base64url')}.${Buffer.from('1').toString('base64url')}.x`,
    ],
    ['empty', () => ''],
  ];
  test.each(texts)('%s', async (_, forge) => {
    const good = await api.issuer.accessToken(alice);
    const payload = JSON.parse(Buffer.from(good.split('.')[1] ?? '', 'base64url').toString()) as JWTPayload;
    const answer = await bearer(await forge(good, payload));
    expect(answer.status).toBe(401);
    expect(answer.errors[0]?.extensions.code).toBe('UNAUTHORIZED');
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer /);
  });
});

describe('the keys of the realm', () => {
  let fresh: TestApi;
  beforeEach(async () => {
    fresh = await startTestApi();
  });
  afterEach(async () => {
    vi.useRealTimers();
    await fresh.close();
  });

  test('are asked for once by many callers at the same moment', async () => {
    await fresh.signIn(alice);
    const before = fresh.issuer.keyRequests;
    await fresh.issuer.rotateKey();
    fresh.issuer.mischief = { keys: 'slow' };
    const tokens = await Promise.all(Array.from({ length: 10 }, () => fresh.issuer.accessToken(alice)));
    const answers = await Promise.all(tokens.map((token) => bearer(token, fresh)));
    expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: 10 }, () => 200));
    expect(fresh.issuer.keyRequests - before).toBe(1);
  });

  test('are asked for at most once for a flood of unknown key ids, and good tokens still hold (S9)', async () => {
    expect((await bearer(await fresh.issuer.accessToken(alice), fresh)).status).toBe(200);
    for (let count = 0; count < 50; count += 1) {
      const token = await fresh.issuer.accessToken(alice, undefined, { kid: `unknown-${String(count)}` });
      expect((await bearer(token, fresh)).status).toBe(401);
    }
    expect(fresh.issuer.keyRequests).toBeLessThanOrEqual(2);
    expect((await bearer(await fresh.issuer.accessToken(alice), fresh)).status).toBe(200);
  });

  test.each(['html', 'failing', 'empty'] as const)('that are %s do not end the process, and heal', async (keys) => {
    fresh.issuer.mischief = { keys };
    const token = await fresh.issuer.accessToken(alice);
    const answer = await bearer(token, fresh);
    // An empty set is an answer, and this token's key is not in it.
    expect(answer.status).toBe(keys === 'empty' ? 401 : 503);
    expect(answer.errors[0]?.extensions.code).toBe(keys === 'empty' ? 'UNAUTHORIZED' : 'UNAVAILABLE');
    expect(answer.text).not.toMatch(/maintenance|certs|ECONN|500/);
    fresh.issuer.mischief = {};
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 31_000 });
    expect((await bearer(await fresh.issuer.accessToken(alice), fresh)).status).toBe(200);
  });

  test('that cannot be had answer 503, not 401: the token may be good', async () => {
    fresh.issuer.mischief = { down: true };
    const answer = await bearer(await fresh.issuer.accessToken(alice), fresh);
    expect(answer.status).toBe(503);
    expect(answer.errors[0]?.extensions.code).toBe('UNAVAILABLE');
  });

  test('are used on for a while when new ones cannot be had, and no longer than an hour', async () => {
    expect((await bearer(await fresh.issuer.accessToken(alice), fresh)).status).toBe(200);
    fresh.issuer.mischief = { down: true };
    const begun = Date.now();
    vi.useFakeTimers({ toFake: ['Date'], now: begun + 20 * 60_000 });
    expect((await bearer(await fresh.issuer.accessToken(alice), fresh)).status).toBe(200);
    vi.setSystemTime(begun + 61 * 60_000);
    expect((await bearer(await fresh.issuer.accessToken(alice), fresh)).status).toBe(503);
  });

  test('that Keycloak has dropped do not live on', async () => {
    const old = await fresh.issuer.accessToken(alice, (claims) => ({ ...claims, exp: now() + 7200 }));
    expect((await bearer(old, fresh)).status).toBe(200);
    await fresh.issuer.rotateKey();
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 11 * 60_000 });
    expect((await bearer(old, fresh)).status).toBe(401);
    expect((await bearer(await fresh.issuer.accessToken(alice), fresh)).status).toBe(200);
  });
});

describe('for the registry', () => {
  const nobody = () => ({
    em: api.database.orm.em.fork(),
    principal: { kind: 'anonymous' } as const,
    now: new Date(),
    vault: api.vault,
    client: {},
  });

  test('an access token is the person', async () => {
    const principal = await api.app.identifyAccessToken(nobody(), await api.issuer.accessToken(alice));
    expect(principal).toMatchObject({ kind: 'user', name: 'alice', credential: { kind: 'keycloak-token' } });
  });

  test('a token larger than 16 KiB is refused unread', async () => {
    const large = await api.issuer.accessToken(alice, (good) => ({ ...good, filler: 'x'.repeat(17_000) }));
    await expect(api.app.identifyAccessToken(nobody(), large)).rejects.toMatchObject({ code: 'UNAUTHORIZED' });
  });

  test('somebody who has not confirmed a name is told where to do that', async () => {
    const token = await api.issuer.accessToken({ name: 'early' });
    await expect(api.app.identifyAccessToken(nobody(), token)).rejects.toMatchObject({
      code: 'UNAUTHORIZED',
      message: expect.stringContaining(api.url) as string,
    });
  });
});
