import { afterAll, beforeAll, expect, test } from 'vitest';
import { anonymous, type Principal } from '@escale/domain/access';
import { readAnswer, startTestApi, type Caller, type Following, type TestApi } from '../testing/test-api.ts';
import { StreamQuotas, usualStreamLimits } from './stream-quotas.ts';

const user = (id: string): Principal => ({
  kind: 'user',
  id,
  namespaceId: id,
  name: id,
  isAdministrator: false,
  credential: { kind: 'session' },
});
const limits = { ofPrincipal: 3, ofAddress: 5, ofAnonymousAddress: 2, anonymous: 4 };

test('streams without a sign-in are few for an address, and leave room to everybody else', () => {
  const quotas = new StreamQuotas(limits);
  const ends = [quotas.open(anonymous, '203.0.113.1'), quotas.open(anonymous, '::ffff:203.0.113.1')];
  expect(() => quotas.open(anonymous, '203.0.113.1')).toThrow('an address may follow at most 2');
  quotas.open(anonymous, '2001:db8::1');
  quotas.open(anonymous, '2001:db8::ffff:2');
  // One client has a whole /64 to itself.
  expect(() => quotas.open(anonymous, '2001:db8::3')).toThrow('an address may follow at most 2');
  expect(() => quotas.open(anonymous, '203.0.113.2')).toThrow('too many follow live events without signing in');
  expect(() => quotas.open(user('alice'), '203.0.113.1')).not.toThrow();
  ends[0]?.();
  ends[0]?.();
  expect(() => quotas.open(anonymous, '203.0.113.1')).not.toThrow();
  expect(() => quotas.open(anonymous, '203.0.113.1')).toThrow();
});

test('one caller has so many wherever they are, one address so many whoever calls', () => {
  const quotas = new StreamQuotas(limits);
  for (const address of ['203.0.113.1', '203.0.113.1', '203.0.113.2']) quotas.open(user('alice'), address);
  expect(() => quotas.open(user('alice'), '203.0.113.3')).toThrow('you may follow at most 3');
  for (const name of ['bob', 'carol', 'dave']) quotas.open(user(name), '203.0.113.1');
  expect(() => quotas.open(user('erin'), '203.0.113.1')).toThrow('at most 5 streams may be followed from one address');
  expect(() => quotas.open(user('erin'), '203.0.113.2')).not.toThrow();
});

let api: TestApi;
let alice: Caller;
beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice' });
  await alice.graphql(
    'mutation { createRepository(input: { name: "alice/open", visibility: PUBLIC }) { repository { id } } }',
  );
});
afterAll(() => api.close());

test('a stream too many is answered 429 with the reason, and a stream that ended is not counted', async () => {
  const nobody = api.caller();
  const follow = () => nobody.follow('subscription { repositoryActivity(repository: "alice/open") { kind } }');
  const streams: Following[] = [];
  for (let count = 0; count < usualStreamLimits.ofAnonymousAddress; count += 1) streams.push(await follow());
  expect(streams.map(({ status }) => status)).toEqual(streams.map(() => 200));
  const refused = await readAnswer(
    await nobody.fetch('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: 'subscription { repositoryActivity(repository: "alice/open") { kind } }' }),
    }),
  );
  expect([refused.status, refused.errors[0]?.extensions.code]).toEqual([429, 'TOOMANYREQUESTS']);
  expect(refused.headers.get('retry-after')).toBe('5');
  expect(refused.errors[0]?.message).toContain('sign in, or close some');
  const own = await alice.follow('subscription { usageLog(namespace: "alice") { kind } }');
  expect(own.status).toBe(200);
  await own.stop();
  await streams.pop()?.stop();
  await expect.poll(async () => streams.push(await follow()) > 0 && streams.at(-1)?.status).toBe(200);
  for (const stream of streams) if (stream.status === 200) await stream.stop();
});
