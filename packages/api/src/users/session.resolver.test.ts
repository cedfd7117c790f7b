import { afterAll, beforeAll, expect, test } from 'vitest';
import { Session } from '@escale/schema/entities';
import { startTestApi, type Caller, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ trustedProxies: ['127.0.0.0/8', '::1'] });
});
afterAll(() => api.close());

interface Listed {
  readonly id: string;
  readonly current: boolean;
}

async function sessionsOf(caller: Caller): Promise<Listed[]> {
  const { data } = await caller.graphql('{ viewer { sessions { id current clientAddress userAgent expiresAt } } }');
  return (data['viewer'] as { sessions: Listed[] }).sessions;
}

test('a person sees where she is signed in, and signs out elsewhere at once (S8)', async () => {
  const here = await api.signIn({ name: 'alice' });
  const there = await api.signIn({ name: 'alice' });
  const sessions = await sessionsOf(here);
  expect(sessions.map(({ current }) => current).sort()).toEqual([false, true]);
  const other = sessions.find(({ current }) => !current);
  const revoke = (caller: Caller) =>
    caller.graphql('mutation($id: ID!) { revokeSession(input: { id: $id }) { id } }', { id: other?.id });
  const bob = await api.signIn({ name: 'bob' });
  expect((await revoke(bob)).errors[0]?.extensions.code).toBe('NOT_FOUND');
  expect((await revoke(here)).errors).toEqual([]);
  expect((await there.graphql('{ viewer { username } }')).data).toEqual({ viewer: null });
  expect((await here.graphql('{ viewer { username } }')).data).toEqual({ viewer: { username: 'alice' } });
});

test('a person signs out everywhere else in one act, and nobody but herself', async () => {
  const here = await api.signIn({ name: 'frank' });
  const elsewhere = [await api.signIn({ name: 'frank' }), await api.signIn({ name: 'frank' })];
  const grace = await api.signIn({ name: 'grace' });
  const keep = (await sessionsOf(here)).find(({ current }) => current)?.id;
  const revoke = (caller: Caller) =>
    caller.graphql('mutation($keep: ID!) { revokeOtherSessions(input: { keep: $keep }) { revoked } }', { keep });
  expect((await revoke(grace)).errors[0]?.extensions).toMatchObject({ code: 'NOT_FOUND', field: 'keep' });
  expect((await revoke(here)).data).toEqual({ revokeOtherSessions: { revoked: 2 } });
  expect(await sessionsOf(here)).toMatchObject([{ current: true }]);
  for (const gone of elsewhere) expect((await gone.graphql('{ viewer { id } }')).data).toEqual({ viewer: null });
  expect((await grace.graphql('{ viewer { username } }')).data).toEqual({ viewer: { username: 'grace' } });
});

test('the id of a session signs nobody in, and sessions of others are not shown', async () => {
  const carol = await api.signIn({ name: 'carol' });
  const [session] = await sessionsOf(carol);
  const stranger = api.caller();
  stranger.cookies.set('escale_session', session?.id ?? '');
  expect((await stranger.graphql('{ viewer { id } }')).data).toEqual({ viewer: null });
  const asked = await carol.graphql('{ user(username: "alice") { sessions { id } } }');
  expect(asked.errors[0]?.extensions.code).toBe('NOT_FOUND');
});

test('a session ends after twelve hours, used or not', async () => {
  const dave = await api.signIn({ name: 'dave' });
  const [session] = await sessionsOf(dave);
  const row = await api.database.orm.em.fork().findOneOrFail(Session, { id: session?.id ?? '' });
  const hours = (row.expiresAt.getTime() - row.createdAt.getTime()) / 3_600_000;
  expect(Math.round(hours)).toBe(12);
});

test('behind a trusted proxy the log has the client’s address, and what a client claims before it counts for nothing (T24)', async () => {
  const erin = await api.signIn({ name: 'erin' });
  await erin.graphql(
    'mutation { createOrganization(input: { name: "acme" }) { organization { id } } }',
    {},
    {
      'x-forwarded-for': '6.6.6.6, 203.0.113.7, 127.0.0.2',
    },
  );
  const { data } = await erin.graphql('{ organization(name: "acme") { usageLog { nodes { clientAddress } } } }');
  expect(data).toEqual({ organization: { usageLog: { nodes: [{ clientAddress: '203.0.113.7' }] } } });
});
