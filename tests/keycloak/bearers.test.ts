import { createHmac, createPublicKey, generateKeyPairSync, randomUUID, sign, type KeyObject } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signIn } from '../support/sign-in.ts';
import { bearer } from './bearer.ts';
import { keyRequestsOf } from './key-requests.ts';
import { openScene, programToken, tokensOf, type Scene, type Tokens } from './scene.ts';

let scene: Scene;
let other: Scene;
let alice: Tokens;
beforeAll(async () => {
  [scene, other] = await Promise.all([openScene(), openScene()]);
  await signIn(scene.stack, 'alice');
  alice = await tokensOf(scene, 'alice');
});
afterAll(async () => {
  await Promise.all([scene[Symbol.asyncDispose](), other[Symbol.asyncDispose]()]);
});

describe('an access token of Keycloak', () => {
  test('of a person is the person', async () => {
    expect((await bearer(scene, alice.access_token)).data).toEqual({ viewer: { username: 'alice' } });
  });

  test('of a program, by client credentials, is a user of its own that may act at once', async () => {
    const token = await programToken(scene, 'escale-automation');
    expect((await bearer(scene, token)).data).toEqual({ viewer: { username: 'escale-automation' } });
    const made = 'mutation { createRepository(input: { name: "escale-automation/app" }) { repository { name } } }';
    const answer = await bearer(scene, token, made);
    expect(answer.data, JSON.stringify(answer)).toEqual({
      createRepository: { repository: { name: 'escale-automation/app' } },
    });
  });

  test('is what `docker login -u $oauthtoken` takes', async () => {
    const login = (password: string) =>
      fetch(`${scene.stack.url}/v2/auth?service=${scene.stack.host}&account=%24oauthtoken`, {
        headers: { Authorization: `Basic ${Buffer.from(`$oauthtoken:${password}`).toString('base64')}` },
      });
    // What a client does, request by request (real ones: clients.test.ts): /v2/ says where tokens are, and is asked again with one.
    const challenged = await fetch(`${scene.stack.url}/v2/`);
    expect([challenged.status, challenged.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining(`realm="${scene.stack.url}/v2/auth"`) as string,
    ]);
    const answer = await login(alice.access_token);
    const { token } = (await answer.json()) as { token: string };
    const again = await fetch(`${scene.stack.url}/v2/`, { headers: { Authorization: `Bearer ${token}` } });
    expect(again.status).toBe(200);
    const refused = await login(alice.id_token);
    expect([refused.status, await refused.text()]).toEqual([
      401,
      expect.stringContaining('is no access token') as string,
    ]);
  });
});

type Json = Record<string, unknown>;
const encode = (value: Json): string => Buffer.from(JSON.stringify(value)).toString('base64url');
const parts = (token: string) => {
  const [head = '', body = '', signature = ''] = token.split('.');
  const read = (text: string) => JSON.parse(Buffer.from(text, 'base64url').toString()) as Json;
  return { header: read(head), claims: read(body), head, body, signature };
};
const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
const signed = (header: Json, claims: Json, key: KeyObject = stranger.privateKey): string => {
  const text = `${encode(header)}.${encode(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), key).toString('base64url')}`;
};

describe('a token that is refused answers 401 with the reason (S9, T3)', () => {
  const good = () => parts(alice.access_token);
  const forged: [string, () => string | Promise<string>, RegExp][] = [
    ['for another audience', () => programToken(scene, 'escale-sync'), /its audience lacks escale-api/],
    [
      'of another realm of the same Keycloak',
      async () => (await tokensOf(other, 'alice')).access_token,
      /is not of the issuer/,
    ],
    ['an ID token', () => alice.id_token, /is no access token/],
    ['a refresh token', () => alice.refresh_token, /is not signed with RS256|is no access token/],
    [
      'tampered claims',
      () => `${good().head}.${encode({ ...good().claims, preferred_username: 'admin' })}.${good().signature}`,
      /does not carry a good signature/,
    ],
    [
      'a tampered signature',
      () => `${good().head}.${good().body}.${good().signature.split('').reverse().join('')}`,
      /signature|cannot be read/,
    ],
    ['no signature', () => `${good().head}.${good().body}.`, /signature|cannot be read/],
    ['alg none', () => `${encode({ alg: 'none', typ: 'JWT' })}.${good().body}.`, /is not signed with RS256/],
    [
      'alg NoNe with the key id',
      () => `${encode({ ...good().header, alg: 'NoNe' })}.${good().body}.`,
      /is not signed with RS256/,
    ],
    ['alg HS256 with the public key as secret', () => hmacWithPublicKey(), /is not signed with RS256/],
    [
      'a stranger’s signature under the realm’s key id',
      () => signed(good().header, good().claims),
      /does not carry a good signature/,
    ],
    [
      'a key of its own in the header',
      () => signed({ ...good().header, jwk: stranger.publicKey.export({ format: 'jwk' }) }, good().claims),
      /has a header/,
    ],
    [
      'the address of a key in the header',
      () => signed({ ...good().header, jku: 'https://evil.example/keys' }, good().claims),
      /has a header/,
    ],
    ['a certificate in the header', () => signed({ ...good().header, x5c: ['AAAA'] }, good().claims), /has a header/],
    [
      'an extension that must be understood',
      () => signed({ ...good().header, crit: ['exp'], exp: 1 }, good().claims),
      /has a header/,
    ],
    [
      'an unknown key id',
      () => signed({ ...good().header, kid: randomUUID() }, good().claims),
      /with a key that the realm does not have/,
    ],
    [
      'a path as key id',
      () => signed({ ...good().header, kid: '../../../../etc/passwd' }, good().claims),
      /with a key that the realm does not have/,
    ],
    [
      'a key id of 8 kB',
      () => signed({ ...good().header, kid: 'k'.repeat(8192) }, good().claims),
      /with a key that the realm does not have/,
    ],
    ['no key id', () => signed({ alg: 'RS256' }, good().claims), /names no key/],
    ['no end', () => signed(good().header, { ...good().claims, exp: undefined }), /from when to when/],
    ['no time of issue', () => signed(good().header, { ...good().claims, iat: undefined }), /from when to when/],
    [
      'a time of issue in the future',
      () => signed(good().header, { ...good().claims, iat: Number(good().claims['iat']) + 3600 }),
      /does not hold yet/,
    ],
    [
      'another issuer',
      () => signed(good().header, { ...good().claims, iss: 'https://evil.example/realms/escale' }),
      /is not of the issuer/,
    ],
    ['nothing of a token', () => 'nonsense', /cannot be read/],
  ];

  test.each(forged)('%s', async (_, forge, reason) => {
    const answer = await bearer(scene, await forge());
    expect([answer.status, answer.message]).toEqual([401, expect.stringMatching(reason) as string]);
    expect(answer.challenge).toMatch(/^Bearer realm="escale", error="invalid_token"/);
  });

  test('one that has expired', async () => {
    await using short = await openScene({ realm: { accessTokenLifespan: 1 } });
    const { access_token } = await tokensOf(short, 'bob');
    await expect
      .poll(async () => (await bearer(short, access_token)).message, { timeout: 15_000 })
      .toBe('the access token has expired');
  });

  async function hmacWithPublicKey(): Promise<string> {
    const { keys } = (await (await fetch(`${scene.issuer}/protocol/openid-connect/certs`)).json()) as {
      keys: { kid: string; alg: string }[];
    };
    const jwk = keys.find(({ kid }) => kid === good().header['kid']);
    const pem = createPublicKey({ key: jwk as never, format: 'jwk' }).export({ type: 'spki', format: 'pem' });
    const text = `${encode({ ...good().header, alg: 'HS256' })}.${good().body}`;
    return `${text}.${createHmac('sha256', pem).update(text).digest('base64url')}`;
  }
});

test('10,000 tokens with invented key ids cause one key request in 30 s, and no sign-in fails meanwhile (S9)', async () => {
  const { header, claims } = parts(alice.access_token);
  const body = encode(claims);
  const before = keyRequestsOf(scene.stack);
  const begun = Date.now();
  let left = 10_000;
  const statuses = new Set<number>();
  const flood = Array.from({ length: 16 }, async () => {
    while (left > 0) {
      left -= 1;
      statuses.add((await bearer(scene, `${encode({ ...header, kid: randomUUID() })}.${body}.AAAA`)).status);
    }
  });
  const landings: string[] = [];
  const signIns = (async () => {
    while (left > 0) landings.push((await signIn(scene.stack, 'alice', { confirm: false })).landedOn.pathname);
  })();
  await Promise.all([...flood, signIns]);
  const windows = Math.ceil((Date.now() - begun) / 30_000);
  expect([...statuses]).toEqual([401]);
  expect(keyRequestsOf(scene.stack) - before).toBeLessThanOrEqual(windows);
  expect(landings.length).toBeGreaterThan(0);
  expect(new Set(landings)).toEqual(new Set(['/']));
  expect((await bearer(scene, alice.access_token)).status).toBe(200);
}, 600_000);
