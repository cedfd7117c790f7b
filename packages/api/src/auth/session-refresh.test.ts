import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Session, UsageLogEntry, User } from '@escale/schema/entities';
import { createLogger } from '@escale/server-kit/logger';
import { createApp } from '../app.ts';
import type { Services } from '../services.ts';
import { startTestApi, type Caller, type TestApi } from '../testing/test-api.ts';
import { subjectOf, type TestPerson } from '../testing/test-issuer.ts';
import type { ProviderTokens } from './provider-identity.ts';
import { sealTokens } from './session-tokens.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ refreshSeconds: 1 });
});
beforeEach(() => {
  api.issuer.mischief = {};
});
afterAll(() => api.close());

const em = () => api.database.orm.em.fork();
/** Refreshing is due every second here. */
const soon = { timeout: 15_000 };
const ask = '{ viewer { username email isAdministrator } }';
const viewerOf = async (browser: Caller) => (await browser.graphql(ask)).data['viewer'];
const sessionOf = (name: string) => em().findOneOrFail(Session, { user: { subject: subjectOf({ name }) } });
/** Each test has a person of its own: the issuer speaks of one at a time, and others are signed in as well. */
let people = 0;
const somebody = (): TestPerson => ({ name: `person${String((people += 1))}` });
/** Waits until the provider was asked about everybody once more. */
async function nextRefresh(): Promise<void> {
  const { presented } = api.issuer.refreshes;
  await expect.poll(() => api.issuer.refreshes.presented, soon).toBeGreaterThan(presented);
}

describe('while somebody is signed in, the provider is asked again', () => {
  test('and what it says now holds: groups, address, and that an absent claim means none (T11)', async () => {
    const person = somebody();
    const browser = await api.signIn(person);
    expect(await viewerOf(browser)).toMatchObject({ isAdministrator: false });
    api.issuer.person = { ...person, email: 'new@example.org', groups: ['/escale-admins'] };
    await expect.poll(() => viewerOf(browser), soon).toMatchObject({ isAdministrator: true, email: 'new@example.org' });
    api.issuer.person = person;
    await expect.poll(() => viewerOf(browser), soon).toMatchObject({ isAdministrator: false });
  });

  test('each refresh token is used once, and none is kept in the clear', async () => {
    const person = somebody();
    const browser = await api.signIn(person);
    const kept = async () => (await sessionOf(person.name)).refreshToken?.toString('base64url') ?? '';
    const first = await kept();
    await expect.poll(kept, soon).not.toBe(first);
    await nextRefresh();
    expect(api.issuer.refreshes.reused).toBe(0);
    expect(await viewerOf(browser)).not.toBeNull();
    // The issuer's are 32 hexadecimal digits.
    expect(Buffer.from(await kept(), 'base64url').toString('latin1')).not.toMatch(/[0-9a-f]{32}/);
  });

  test('of a person who may not sign in any more the session ends, and the log says so', async () => {
    const person = somebody();
    const browser = await api.signIn(person);
    api.issuer.mischief = { refresh: 'invalid_grant' };
    await expect.poll(() => viewerOf(browser), soon).toBeNull();
    const [entry] = await em().find(UsageLogEntry, { namespace: person.name, kind: 'user.signed_out' });
    expect(entry).toMatchObject({ performerKind: 'system', performer: 'identity provider' });
  });

  test('and somebody else in its answer ends the session', async () => {
    const person = somebody();
    const browser = await api.signIn(person);
    api.issuer.mischief = { idToken: (claims) => ({ ...claims, sub: 'subject-of-mallory' }) };
    await expect.poll(() => viewerOf(browser), soon).toBeNull();
    expect(await em().count(User, { subject: 'subject-of-mallory' })).toBe(0);
  });

  test.each([
    ['is away', { down: true }],
    ['does not know us any more', { refresh: 'invalid_client' }],
  ])('a provider that %s ends nothing, and is asked again later', async (_, mischief) => {
    const person = somebody();
    const browser = await api.signIn(person);
    const due = async () => (await sessionOf(person.name)).refreshAt?.getTime() ?? 0;
    const before = await due();
    api.issuer.mischief = mischief;
    await expect.poll(due, soon).toBeGreaterThan(before + 10_000);
    expect(await viewerOf(browser)).not.toBeNull();
  });

  test('also of a session that has ended for being idle, because tokens of the person go on', async () => {
    const person = somebody();
    await api.signIn(person);
    const idle = new Date(Date.now() - 3 * 3600 * 1000);
    const { id } = await sessionOf(person.name);
    await em().nativeUpdate(Session, { id }, { lastSeenAt: idle, refreshAt: idle });
    await expect
      .poll(async () => (await sessionOf(person.name)).refreshAt?.getTime(), soon)
      .toBeGreaterThan(Date.now());
  });
});

test('several processes never use a refresh token twice (Keycloak would take it for stolen)', async () => {
  const { config, vault, database } = api;
  const other = await createApp({ config, vault, orm: database.orm, logger: createLogger({ level: 'silent' }) });
  try {
    const browsers: Caller[] = [];
    for (const person of [somebody(), somebody(), somebody()]) browsers.push(await api.signIn(person));
    const until = api.issuer.refreshes.presented + 9;
    await expect.poll(() => api.issuer.refreshes.presented, soon).toBeGreaterThan(until);
    expect(api.issuer.refreshes.reused).toBe(0);
    expect((await Promise.all(browsers.map(viewerOf))).includes(null)).toBe(false);
  } finally {
    await other.close();
  }
});

test.each([
  [60, 30],
  [8, 5],
  [3, 3],
  [86_400, 600],
])('a refresh token that lasts %i seconds is used after %i: nothing is learnt by one that is over', (lasts, after) => {
  const now = new Date();
  const services = { vault: api.vault, config: { ...api.config, oidc: { ...api.config.oidc, refreshSeconds: 600 } } };
  const tokens = { refresh_expires_in: lasts } as unknown as ProviderTokens;
  const { refreshAt } = sealTokens(services as Services, 'a', tokens, now);
  expect((refreshAt?.getTime() ?? 0) - now.getTime()).toBe(after * 1000);
});
