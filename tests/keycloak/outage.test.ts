import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { CookieJar, signIn, type SignedIn } from '../support/sign-in.ts';
import { bearer } from './bearer.ts';
import { openScene, tokensOf, type Scene } from './scene.ts';

let scene: Scene;
beforeAll(async () => {
  scene = await openScene({ environment: { ESCALE_OIDC_REFRESH_SECONDS: '2' } });
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

const soon = { timeout: 60_000, interval: 500 };
const isSignedIn = async (person: SignedIn) =>
  (await person.graphql<{ viewer: unknown }>('{ viewer { id } }')).data?.viewer !== null;
const loginTarget = async () =>
  (await fetch(`${scene.stack.url}/auth/login`, { redirect: 'manual' })).headers.get('location') ?? '';

/** As an administrator of Keycloak does it: a new key that signs from now on; the old ones are still published, or not. */
async function rotateKeys({ admin, realm }: Scene, { dropOld = false }: { dropOld?: boolean } = {}): Promise<void> {
  const { id: parentId } = await admin.ask<{ id: string }>('GET', `/${realm}`);
  const providers = await admin.ask<{ id: string; providerId: string }[]>(
    'GET',
    `/${realm}/components?type=org.keycloak.keys.KeyProvider`,
  );
  const name = `rotation-${String(Date.now())}`;
  await admin.ask('POST', `/${realm}/components`, {
    name,
    parentId,
    providerId: 'rsa-generated',
    providerType: 'org.keycloak.keys.KeyProvider',
    config: { priority: [String(Date.now()).slice(-9)], algorithm: ['RS256'], keySize: ['2048'] },
  });
  if (!dropOld) return;
  for (const { id, providerId } of providers)
    if (providerId === 'rsa-generated') await admin.ask('DELETE', `/${realm}/components/${id}`);
}

const kidOf = (token: string): unknown =>
  (JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as { kid: unknown }).kid;

test('new keys at Keycloak disturb neither sign-ins, nor sessions, nor bearers', async () => {
  const alice = await signIn(scene.stack, 'alice');
  const before = await tokensOf(scene, 'alice');
  expect((await bearer(scene, before.access_token)).status).toBe(200);
  await rotateKeys(scene);
  const after = await tokensOf(scene, 'alice');
  expect(kidOf(after.access_token)).not.toBe(kidOf(before.access_token));
  expect((await bearer(scene, after.access_token)).status).toBe(200);
  // The old key is still published.
  expect((await bearer(scene, before.access_token)).status).toBe(200);
  await rotateKeys(scene, { dropOld: true });
  // A sign-in brings the key with it, however recently keys were asked for.
  const bob = await signIn(scene.stack, 'bob');
  expect(await isSignedIn(bob)).toBe(true);
  expect((await bearer(scene, (await tokensOf(scene, 'alice')).access_token)).status).toBe(200);
  const refused = await bearer(scene, before.access_token);
  expect([refused.status, refused.message]).toEqual([
    401,
    'the access token is signed with a key that the realm does not have',
  ]);
  expect(await isSignedIn(alice)).toBe(true);
});

test.each([25, -25])('clocks that are %s s apart disturb nobody', async (seconds) => {
  await using skewed = await openScene({ environment: { ESCALE_TEST_CLOCK_SECONDS: String(seconds) } });
  const alice = await signIn(skewed.stack, 'alice');
  expect(await isSignedIn(alice)).toBe(true);
  expect((await bearer(skewed, (await tokensOf(skewed, 'alice')).access_token)).status).toBe(200);
});

test.each([
  [400, /has expired$/, '/sign-in?error=failed'],
  // An ID token of a little later is as good: it says who, and OpenID Connect sets no time before which it does not.
  [-120, /does not hold yet$/, '/welcome'],
])('clocks that are %s s apart are an error in words', async (seconds, reason, landing) => {
  await using skewed = await openScene({ environment: { ESCALE_TEST_CLOCK_SECONDS: String(seconds) } });
  const answer = await bearer(skewed, (await tokensOf(skewed, 'alice')).access_token);
  expect([answer.status, answer.message]).toEqual([401, expect.stringMatching(reason) as string]);
  const browser = await signIn(skewed.stack, 'alice', { confirm: false });
  expect(browser.landedOn.pathname + browser.landedOn.search).toBe(landing);
});

test('while Keycloak is down sessions and bearers live on, signing in says so, and all is well by itself afterwards', async () => {
  const { control } = inject('keycloak');
  const alice = await signIn(scene.stack, 'alice', { confirm: false });
  const { access_token } = await tokensOf(scene, 'alice');
  const halfway = new CookieJar();
  const form = await halfway.follow(`${scene.stack.url}/auth/login`);
  await form.answer.body?.cancel();
  expect((await bearer(scene, access_token)).status).toBe(200);
  await fetch(`${control}/stop`);
  try {
    await expect.poll(loginTarget, soon).toBe('/sign-in?error=provider-unavailable');
    const callback = await halfway.follow(`${scene.stack.url}/auth/callback?code=x&state=y`);
    expect(callback.url.pathname).toBe('/sign-in');
    // Several refreshes were due meanwhile, and could not be had.
    const failed = () => scene.stack.logs().split('a session could not be refreshed').length - 1;
    const before = failed();
    await expect.poll(failed, soon).toBeGreaterThan(before);
    expect(await isSignedIn(alice)).toBe(true);
    expect((await bearer(scene, access_token)).status).toBe(200);
    const out = await alice.jar.fetch(`${scene.stack.url}/health/ready`);
    expect(out.status).toBe(200);
  } finally {
    const restarted = await fetch(`${control}/restart`, { signal: AbortSignal.timeout(290_000) });
    expect(restarted.status).toBe(200);
  }
  await expect.poll(loginTarget, soon).toContain(scene.issuer);
  expect(await isSignedIn(await signIn(scene.stack, 'bob', { confirm: false }))).toBe(true);
  expect(await isSignedIn(alice)).toBe(true);
}, 400_000);
