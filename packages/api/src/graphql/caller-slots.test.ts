import { afterAll, beforeAll, expect, test } from 'vitest';
import { anonymous, type Principal } from '@escale/domain/access';
import { startTestApi, type TestApi } from '../testing/test-api.ts';
import { callerLimits, CallerSlots, sourceOf } from './caller-slots.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startTestApi({ trustedProxies: ['127.0.0.1'] });
});
afterAll(() => api.close());

const user = (id: string): Principal => ({
  kind: 'user',
  id,
  namespaceId: id,
  name: id,
  isAdministrator: false,
  credential: { kind: 'session' },
});

/** Work that ends when it is told to. */
function held(slots: CallerSlots, principal: Principal, address = '192.0.2.1') {
  let end: () => void = () => undefined;
  let hasBegun = false;
  let leave: () => void = () => undefined;
  const whenGone = (call: () => void) => {
    leave = call;
  };
  const done = slots.run({ principal, address, whenGone }, () => {
    hasBegun = true;
    return new Promise<void>((resolve) => {
      end = resolve;
    });
  });
  return {
    done: done.then(
      () => 'done',
      (error: unknown) => (error as { code: string }).code,
    ),
    begun: () => hasBegun,
    end: () => {
      end();
    },
    goAway: () => {
      leave();
    },
  };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));
const limits = { ...callerLimits, patience: 60_000, rest: 0 };

test('one source runs two at once, the next ones wait in turn, and the rest is refused', async () => {
  const slots = new CallerSlots({ ...limits, anonymous: { running: 2, waiting: 2 } });
  const asked = Array.from({ length: 5 }, () => held(slots, anonymous));
  await turn();
  expect(asked.map((one) => one.begun())).toEqual([true, true, false, false, false]);
  expect(await asked[4]?.done).toBe('TOOMANYREQUESTS');
  asked[0]?.end();
  expect(await asked[0]?.done).toBe('done');
  await turn();
  expect(asked.map((one) => one.begun())).toEqual([true, true, true, false, false]);
  asked[1]?.end();
  asked[2]?.end();
  await turn();
  expect(asked[3]?.begun()).toBe(true);
});

test('a source that has its share holds up nobody else, and all sources together have a share too', async () => {
  const slots = new CallerSlots({ ...limits, allAnonymous: { running: 3, waiting: 10 } });
  const first = Array.from({ length: 4 }, () => held(slots, anonymous, '192.0.2.1'));
  const second = Array.from({ length: 2 }, () => held(slots, anonymous, '192.0.2.2'));
  await turn();
  expect([...first, ...second].map((one) => one.begun())).toEqual([true, true, false, false, true, false]);
  second[0]?.end();
  await turn();
  // The first source waits longer, but has two running.
  expect([...first, ...second].map((one) => one.begun())).toEqual([true, true, false, false, true, true]);
});

test('people who are signed in have limits of their own, whatever address they share', async () => {
  const slots = new CallerSlots({ ...limits, signedIn: { running: 1, waiting: 1 } });
  const busy = Array.from({ length: 4 }, () => held(slots, anonymous));
  const people = [
    held(slots, user('alice')),
    held(slots, user('bob')),
    held(slots, user('alice')),
    held(slots, user('alice')),
  ];
  await turn();
  expect(busy.filter((one) => one.begun())).toHaveLength(2);
  expect(people.map((one) => one.begun())).toEqual([true, true, false, false]);
  expect(await people[3]?.done).toBe('TOOMANYREQUESTS');
});

test('nobody waits longer than the limit, nor after the client has gone away', async () => {
  const slots = new CallerSlots({ ...limits, patience: 1 });
  const running = [held(slots, anonymous), held(slots, anonymous)];
  const late = held(slots, anonymous);
  expect(await late.done).toBe('TOOMANYREQUESTS');
  const patient = new CallerSlots(limits);
  const [one, two, gone, next] = Array.from({ length: 4 }, () => held(patient, anonymous));
  gone?.goAway();
  expect(await gone?.done).toBe('TOOMANYREQUESTS');
  one?.end();
  await turn();
  expect([two?.begun(), gone?.begun(), next?.begun()]).toEqual([true, false, true]);
  for (const each of running) each.end();
});

test('a slot of an anonymous caller rests as long as the request took; one of a user does not', async () => {
  const slots = new CallerSlots({
    ...limits,
    anonymous: { running: 1, waiting: 1 },
    signedIn: { running: 1, waiting: 1 },
    rest: 1000,
  });
  for (const [principal, rests] of [
    [anonymous, true],
    [user('alice'), false],
  ] as const) {
    const first = held(slots, principal);
    const second = held(slots, principal);
    await turn();
    first.end();
    await first.done;
    await turn();
    expect(second.begun()).toBe(!rests);
    second.end();
    await expect.poll(() => second.begun()).toBe(true);
    second.end();
    expect(await second.done).toBe('done');
  }
});

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:0:0:ffff::9', '2001:db8:0:0::/64'],
  ['2001:0db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  [undefined, 'unknown'],
])('%s is the source %s', (address, source) => {
  expect(sourceOf(address)).toBe(source);
});

test('a source that floods the API is told to come back later, and others are served', async () => {
  const flood = api.caller({ 'x-forwarded-for': '192.0.2.1' });
  // Each waits for a lock that another connection holds, so that they pile up.
  const em = api.database.orm.em.fork();
  await em.begin();
  await em.execute('lock table repositories in access exclusive mode');
  const question = '{ repositories(visibility: PUBLIC) { totalCount } }';
  const total = callerLimits.anonymous.running + callerLimits.anonymous.waiting + 3;
  const asked = Array.from({ length: total }, () => flood.graphql(question));
  const refused = await Promise.any(
    asked.map(async (answer) => ((await answer).status === 429 ? answer : Promise.reject(new Error('served')))),
  );
  expect(refused.headers.get('retry-after')).toBe('5');
  expect(refused.errors[0]?.extensions.code).toBe('TOOMANYREQUESTS');
  expect(refused.errors[0]?.message).toContain('from this address');
  const other = await api.caller({ 'x-forwarded-for': '192.0.2.2' }).graphql('{ server { version } }');
  expect(other.status).toBe(200);
  await em.rollback();
  const statuses = (await Promise.all(asked)).map(({ status }) => status);
  expect(statuses.filter((status) => status === 429)).toHaveLength(3);
  expect(statuses.filter((status) => status === 200)).toHaveLength(total - 3);
});
