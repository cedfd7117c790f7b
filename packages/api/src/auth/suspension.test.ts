import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ProviderGrant, Session, UsageLogEntry, User } from '@escale/schema/entities';
import { authenticateBasic } from '@escale/domain/credentials';
import { startTestApi, type Caller, type TestApi } from '../testing/test-api.ts';
import { subjectOf, type TestPerson } from '../testing/test-issuer.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ refreshSeconds: 1 });
});
beforeEach(() => {
  api.issuer.mischief = {};
});
afterAll(() => api.close());

const em = () => api.database.orm.em.fork();
const soon = { timeout: 15_000 };
let people = 0;
const somebody = (groups: readonly string[] = []): TestPerson => ({ name: `human${String((people += 1))}`, groups });

interface Tokens {
  readonly bearer: Caller;
  /** `docker login` with the application token. */
  readonly docker: () => Promise<string>;
}

/** An API token and an application token of somebody who is signed in. */
async function tokensOf(browser: Caller, scopes = 'READ'): Promise<Tokens> {
  const made = await browser.graphql(
    `mutation { createApiToken(input: { title: "ci", scopes: [${scopes}] }) { secret }
                createApplicationToken(input: { title: "laptop" }) { credentials { password } } }`,
  );
  const { createApiToken, createApplicationToken } = made.data as {
    createApiToken: { secret: string };
    createApplicationToken: { credentials: { password: string } };
  };
  const { password } = createApplicationToken.credentials;
  const auth = () => ({ em: em(), vault: api.vault, now: new Date(), client: {} });
  return {
    bearer: api.caller({ authorization: `Bearer ${createApiToken.secret}` }),
    docker: () =>
      authenticateBasic(auth(), '$app', password).then(
        ({ name }) => name,
        (error: unknown) => String(error),
      ),
  };
}

const works = async ({ bearer, docker }: Tokens): Promise<unknown[]> => {
  const answer = await bearer.graphql('{ viewer { username } }');
  return [answer.status, await docker()];
};
const refusal = (name: string): unknown[] => [
  401,
  expect.stringContaining(`the identity provider no longer lets ${name} sign in`),
];
/** Waits until the provider was asked about everybody twice more. */
async function nextRefreshes(): Promise<void> {
  const { presented } = api.issuer.refreshes;
  await expect.poll(() => api.issuer.refreshes.presented, soon).toBeGreaterThan(presented + 1);
}
const logged = async (name: string, kind: string) => em().find(UsageLogEntry, { namespace: name, kind });

describe('a person whom the provider refuses', () => {
  test.each([
    { refresh: 'invalid_grant' },
    { refresh: 'invalid_grant', refreshWords: 'User disabled' },
    { refresh: 'invalid_grant', refreshWords: 'Session not active' },
    { refresh: 'invalid_grant', refreshWords: 'Token is not active' },
    { refresh: 'invalid_grant', refreshWords: { text: 'no' } },
    { refresh: 'invalid_grant', refreshSent: { status: 403, headers: { 'content-type': 'text/plain' } } },
    { refresh: 'invalid_grant', refreshSent: { headers: {} } },
    { refresh: 'invalid_grant', refreshSent: { status: 401, headers: { 'www-authenticate': 'Bearer realm="x"' } } },
  ])(
    'is suspended with all tokens and administration, and everything works after the next sign-in: %j',
    async (mischief) => {
      const person = somebody(['/escale-admins']);
      const tokens = await tokensOf(await api.signIn(person), 'READ, ADMINISTRATION');
      expect(await works(tokens)).toEqual([200, person.name]);
      expect((await tokens.bearer.graphql('{ users { totalCount } }')).errors).toEqual([]);

      api.issuer.mischief = mischief;
      await expect.poll(() => works(tokens), soon).toEqual(refusal(person.name));
      const refused = await tokens.bearer.graphql('{ users { totalCount } }');
      expect(refused.text).toContain(`sign in at ${api.url} to use this api token again`);
      expect(refused.headers.get('www-authenticate')).toContain(person.name);
      const [entry] = await logged(person.name, 'user.suspended');
      expect(entry).toMatchObject({ performer: 'identity provider', details: { user: person.name } });

      api.issuer.mischief = {};
      await api.signIn(person);
      expect(await works(tokens)).toEqual([200, person.name]);
      expect((await tokens.bearer.graphql('{ users { totalCount } }')).errors).toEqual([]);
      expect(await logged(person.name, 'user.resumed')).toHaveLength(1);
    },
  );

  test('is seen as suspended by administrators and by nobody else', async () => {
    const person = somebody();
    await api.signIn(person);
    api.issuer.mischief = { refresh: 'invalid_grant' };
    const row = async () => (await em().findOneOrFail(User, { subject: subjectOf(person) })).suspendedAt ?? null;
    await expect.poll(row, soon).not.toBeNull();
    api.issuer.mischief = {};
    const ask = `{ user(username: "${person.name}") { suspendedAt } }`;
    const seen = async (caller: Caller) => (await caller.graphql(ask)).data['user'];
    expect(await seen(await api.signIn(somebody()))).toEqual({ suspendedAt: null });
    expect(await seen(await api.signIn(somebody(['/escale-admins'])))).toEqual({
      suspendedAt: (await row())?.toISOString(),
    });
  });

  test.each<[string, (browser: Caller, name: string) => Promise<unknown>]>([
    ['is idle', (_, name) => age(name, { lastSeenAt: hoursAgo(3) })],
    ['is over', (_, name) => age(name, { expiresAt: hoursAgo(1) })],
    ['was revoked', revokeOwn],
    ['was signed out', signOut],
  ])('is noticed although the session of the browser %s', async (_what, end) => {
    const person = somebody();
    const browser = await api.signIn(person);
    const tokens = await tokensOf(browser);
    await end(browser, person.name);
    expect((await browser.graphql('{ viewer { id } }')).data['viewer']).toBeNull();
    await nextRefreshes();
    expect(await works(tokens)).toEqual([200, person.name]);
    api.issuer.mischief = { refresh: 'invalid_grant', refreshWords: 'User disabled' };
    await expect.poll(() => works(tokens), soon).toEqual(refusal(person.name));
  });

  test('is noticed although the person signed out, when the provider’s session went on', async () => {
    const person = somebody();
    const browser = await api.signIn(person);
    const tokens = await tokensOf(browser);
    await signOut(browser);
    const whose = { user: { subject: subjectOf(person) } };
    const [{ id }] = (await em().find(ProviderGrant, whose)) as [ProviderGrant];
    await em().nativeUpdate(ProviderGrant, { id }, { createdAt: hoursAgo(1) });
    await expect.poll(() => em().count(ProviderGrant, { id, signedOut: false }), soon).toBe(1);
    api.issuer.mischief = { refresh: 'invalid_grant' };
    await expect.poll(() => works(tokens), soon).toEqual(refusal(person.name));
  });

  test.each([500, 503])('is not meant by an answer with the status %i, whatever it says', async (status) => {
    const person = somebody();
    const tokens = await tokensOf(await api.signIn(person));
    const { presented } = api.issuer.refreshes;
    const refreshSent = { status };
    api.issuer.mischief = { refresh: 'invalid_grant', refreshWords: 'User disabled', refreshSent };
    await expect.poll(() => api.issuer.refreshes.presented, soon).toBeGreaterThan(presented);
    const postponed = async () =>
      (await em().findOneOrFail(Session, { user: { subject: subjectOf(person) } })).refreshAt;
    await expect.poll(async () => Number(await postponed()), soon).toBeGreaterThan(Date.now() + 5000);
    expect(await works(tokens)).toEqual([200, person.name]);
  });

  test('loses the administrators’ group without an open browser', async () => {
    const person = somebody(['/escale-admins']);
    const browser = await api.signIn(person);
    const { bearer } = await tokensOf(browser, 'READ, ADMINISTRATION');
    await revokeOwn(browser);
    const isAdministrator = async () => (await bearer.graphql('{ users { totalCount } }')).errors.length === 0;
    expect(await isAdministrator()).toBe(true);
    api.issuer.person = { name: person.name };
    await expect.poll(isAdministrator, soon).toBe(false);
  });
});

describe('tokens go on when the provider’s session ends in an ordinary way', () => {
  const over = 'Session not active';
  test.each<[string, object, object]>([
    ['its time was up', { refreshLasts: 1 }, { refreshWords: over }],
    ['a crash made us use a refresh token twice', {}, { refreshWords: 'Maximum allowed refresh token reuse exceeded' }],
  ])('%s', async (_what, before, after) => {
    const person = somebody();
    api.issuer.mischief = before;
    const browser = await api.signIn(person);
    const tokens = await tokensOf(browser);
    if ('refreshLasts' in before && before.refreshLasts === 1) await age(person.name, { refreshUntil: hoursAgo(1) });
    api.issuer.mischief = { refresh: 'invalid_grant', ...after };
    await expect.poll(async () => (await browser.graphql('{ viewer { id } }')).data['viewer'], soon).toBeNull();
    expect(await works(tokens)).toEqual([200, person.name]);
  });

  test('the person signed out here, and so at the provider', async () => {
    const person = somebody();
    const browser = await api.signIn(person);
    const tokens = await tokensOf(browser);
    await signOut(browser);
    api.issuer.mischief = { refresh: 'invalid_grant', refreshWords: over, refreshLasts: 3600 };
    const grants = () => em().count(ProviderGrant, { user: { subject: subjectOf(person) } });
    await expect.poll(grants, soon).toBe(0);
    expect(await works(tokens)).toEqual([200, person.name]);
  });

  test('one of two sessions ended before its time; when the last one does too, nobody knows why', async () => {
    const person = somebody();
    api.issuer.mischief = { refreshLasts: 3600 };
    const first = await api.signIn(person);
    const tokens = await tokensOf(first);
    const [{ id }] = (await em().find(Session, { user: { subject: subjectOf(person) } })) as [Session];
    await api.signIn(person);
    // The provider has never given such a token.
    await em().nativeUpdate(Session, { id }, { refreshToken: sealedFor(id), refreshUntil: hoursAgo(-1) });
    const signedIn = async () => (await first.graphql('{ viewer { id } }')).data['viewer'] !== null;
    await expect.poll(signedIn, soon).toBe(false);
    expect(await works(tokens)).toEqual([200, person.name]);
    api.issuer.mischief = { refresh: 'invalid_grant', refreshWords: over, refreshLasts: 3600 };
    await expect.poll(() => works(tokens), soon).toEqual(refusal(person.name));
  });
});

test('another session whose refresh token is over tells nothing, and is not waited for', async () => {
  const person = somebody();
  const tokens = await tokensOf(await api.signIn(person));
  await age(person.name, { refreshUntil: hoursAgo(1), refreshAt: hoursAgo(-1) });
  await api.signIn(person);
  api.issuer.mischief = { refresh: 'invalid_grant' };
  await expect.poll(() => works(tokens), soon).toEqual(refusal(person.name));
});

test('a sign-in that is later than the refusal counts more', async () => {
  const person = somebody();
  const browser = await api.signIn(person);
  const { suspendUser } = await import('@escale/domain/users');
  const user = await em().findOneOrFail(User, { subject: subjectOf(person) });
  const ctx = { em: em(), principal: { kind: 'anonymous' as const }, now: new Date(), vault: api.vault, client: {} };
  expect(await suspendUser(ctx, user, { reason: 'late', askedAt: hoursAgo(1) })).toBe(false);
  expect((await browser.graphql('{ viewer { username } }')).data['viewer']).toEqual({ username: person.name });
});

const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3600 * 1000);

function sealedFor(id: string): Buffer {
  return api.vault.seal('invented', `sessions:${id}:refresh_token`);
}

async function age(
  name: string,
  changes: Partial<Pick<Session, 'lastSeenAt' | 'expiresAt' | 'refreshAt' | 'refreshUntil'>>,
) {
  const user = await em().findOneOrFail(User, { subject: subjectOf({ name }) });
  await em().nativeUpdate(Session, { user: user.id }, changes);
}

async function revokeOwn(browser: Caller): Promise<void> {
  const { data } = await browser.graphql('{ viewer { sessions { id } } }');
  const [session] = (data['viewer'] as { sessions: { id: string }[] }).sessions;
  await browser.graphql(`mutation { revokeSession(input: { id: "${session?.id ?? ''}" }) { id } }`);
}

async function signOut(browser: Caller): Promise<void> {
  await browser.fetch('/auth/logout', { method: 'POST', headers: { 'x-escale-csrf': '1', origin: api.url } });
}
