import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Session, User } from '@escale/schema/entities';
import { startTestApi, type Answer, type Caller, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let alice: Caller;
let token: string;
beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice' });
  const { data } = await alice.graphql(
    'mutation { createApplicationToken(input: { title: "laptop" }) { applicationToken { id } } createRobot(input: { namespace: "alice", name: "ci" }) { robot { id } } }',
  );
  token = (data['createApplicationToken'] as { applicationToken: { id: string } }).applicationToken.id;
});
afterAll(() => api.close());

/** As if all of somebody's sessions had begun so many minutes ago. */
async function age(minutes: number, name = 'alice'): Promise<void> {
  const em = api.database.orm.em.fork();
  const user = await em.findOneOrFail(User, { namespace: { name } });
  await em.nativeUpdate(Session, { user: user.id }, { signedInAt: new Date(Date.now() - minutes * 60_000) });
}

const revealed = 'credentials { password }';
const acts = {
  revealApplicationToken: () => `mutation { revealApplicationToken(input: { id: "${token}" }) { ${revealed} } }`,
  revealRobotToken: () => `mutation { revealRobotToken(input: { robot: "alice+ci" }) { ${revealed} } }`,
  createApplicationToken: () => `mutation { createApplicationToken(input: { title: "x" }) { ${revealed} } }`,
  createApiToken: () => `mutation { createApiToken(input: { title: "x", scopes: [READ] }) { secret } }`,
  createRobot: () =>
    `mutation { createRobot(input: { namespace: "alice", name: "r${String(Date.now())}" }) { ${revealed} } }`,
  createRobotToken: () => `mutation { createRobotToken(input: { robot: "alice+ci" }) { ${revealed} } }`,
  rotateRobotToken: () => `mutation { rotateRobotToken(input: { robot: "alice+ci" }) { ${revealed} } }`,
};
const outcome = ({ errors }: Answer) => errors.map(({ extensions }) => extensions);
const required = (maxAgeSeconds: number) => [{ code: 'FRESH_SIGN_IN_REQUIRED', detail: { maxAgeSeconds } }];

describe('showing a secret again needs a sign-in of a short while ago, making one does not', () => {
  test.each(['revealApplicationToken', 'revealRobotToken'] as const)('%s: two hours', async (act) => {
    await age(119);
    expect(outcome(await alice.graphql(acts[act]()))).toEqual([]);
    await age(121);
    expect(outcome(await alice.graphql(acts[act]()))).toEqual(required(7200));
  });

  test.each([
    'createApplicationToken',
    'createApiToken',
    'createRobot',
    'createRobotToken',
    'rotateRobotToken',
  ] as const)('%s: any', async (act) => {
    await age(11 * 60);
    expect(outcome(await alice.graphql(acts[act]()))).toEqual([]);
  });

  test('who has no right is told so, and not to sign in', async () => {
    const bob = await api.signIn({ name: 'bob' });
    await age(121, 'bob');
    expect(outcome(await bob.graphql(acts.revealRobotToken()))).toMatchObject([{ code: 'DENIED' }]);
    expect(outcome(await bob.graphql(acts.revealApplicationToken()))).toMatchObject([{ code: 'NOT_FOUND' }]);
  });

  test('signing in again asks the provider for the password, and then it is done', async () => {
    await age(121);
    const start = await alice.fetch('/auth/login?fresh=1&returnTo=/settings%3Fnew=1');
    const authorization = new URL(start.headers.get('location') ?? '');
    expect(authorization.searchParams.get('max_age')).toBe('300');
    expect(authorization.searchParams.get('prompt')).toBe('login');
    api.issuer.person = { name: 'alice' };
    const there = await fetch(authorization, { redirect: 'manual' });
    const back = new URL(there.headers.get('location') ?? '');
    const done = await alice.fetch(`${back.pathname}${back.search}`);
    expect(done.headers.get('location')).toBe('/settings?new=1');
    expect(outcome(await alice.graphql(acts.revealApplicationToken()))).toEqual([]);
  });

  /** Walks `/auth/login` to its end. @returns where the browser is sent */
  async function signInAgain(browser: Caller, name: string, address = '/auth/login?fresh=1'): Promise<string | null> {
    const start = await browser.fetch(address);
    api.issuer.person = { name };
    const there = await fetch(start.headers.get('location') ?? '', { redirect: 'manual' });
    const back = new URL(there.headers.get('location') ?? '');
    return (await browser.fetch(`${back.pathname}${back.search}`)).headers.get('location');
  }

  test('a provider that did not ask again does not make a sign-in fresh', async () => {
    api.issuer.mischief.idToken = (honest) => ({ ...honest, auth_time: Math.floor(Date.now() / 1000) - 3 * 3600 });
    const landed = await signInAgain(alice, 'alice');
    api.issuer.mischief = {};
    expect(landed).toBe('/sign-in?error=failed');
  });

  test.each<[string, unknown]>([
    ['no time', undefined],
    ['null', null],
    ['a text', String(Math.floor(Date.now() / 1000))],
    ['zero', 0],
    ['a negative number', -1],
    ['milliseconds', Date.now()],
    ['a time to come', Math.floor(Date.now() / 1000) + 3600],
  ])(
    'a provider that says %s of the sign-in: unknown is not fresh, whatever it was told to ask',
    async (what, time) => {
      api.issuer.mischief.idToken = (honest) => ({ ...honest, auth_time: time });
      const name = `unknown${what.replace(/\W/g, '')}`;
      const browser = await api.signIn({ name });
      await browser.graphql(`mutation { createRobot(input: { namespace: "${name}", name: "ci" }) { robot { id } } }`);
      const reveal = async () =>
        outcome(await browser.graphql(`mutation { revealRobotToken(input: { robot: "${name}+ci" }) { ${revealed} } }`));
      expect(await reveal()).toEqual(required(7200));
      expect(await signInAgain(browser, name, '/auth/login')).toBe('/');
      expect(await reveal()).toEqual(required(7200));
      expect(await signInAgain(browser, name)).toBe('/sign-in?error=no-sign-in-time');
      expect(await reveal()).toEqual(required(7200));
      api.issuer.mischief = {};
      expect(await signInAgain(browser, name, '/auth/login?fresh=1&returnTo=/settings')).toBe('/settings');
      expect(await reveal()).toEqual([]);
    },
  );

  test('an access token of a person that names no time is not fresh, however new it is; a program’s is not asked', async () => {
    const bearer = async (name: string, more: object) =>
      api.caller({
        authorization: `Bearer ${await api.issuer.accessToken({ name }, (claims) => ({ ...claims, ...more }))}`,
      });
    await age(0);
    const person = await bearer('alice', { sid: 'a session' });
    expect(outcome(await person.graphql(acts.revealRobotToken()))).toEqual(required(7200));
    const program = await bearer('service-account-deploys', { client_id: 'deploys' });
    await program.graphql('mutation { createRobot(input: { namespace: "deploys", name: "ci" }) { robot { id } } }');
    const reveal = `mutation { revealRobotToken(input: { robot: "deploys+ci" }) { ${revealed} } }`;
    expect(outcome(await program.graphql(reveal))).toEqual([]);
  });

  test('a sign-in without a form, at a provider that remembered the person, is as old as the form was', async () => {
    api.issuer.mischief.idToken = (honest) => ({ ...honest, auth_time: Math.floor(Date.now() / 1000) - 3 * 3600 });
    const carol = await api.signIn({ name: 'carol' });
    api.issuer.mischief = {};
    expect(outcome(await carol.graphql(acts.createApplicationToken()))).toEqual([]);
    const shown = await carol.graphql('{ viewer { applicationTokens { nodes { id } } } }');
    const { viewer } = shown.data as { viewer: { applicationTokens: { nodes: { id: string }[] } } };
    const id = viewer.applicationTokens.nodes[0]?.id ?? '';
    const again = await carol.graphql(`mutation { revealApplicationToken(input: { id: "${id}" }) { ${revealed} } }`);
    expect(outcome(again)).toEqual(required(7200));
  });

  test('an access token of the provider is as old as its sign-in; an API token is for what its scopes say', async () => {
    const seconds = Math.floor(Date.now() / 1000);
    const bearer = async (authTime: number) =>
      api.caller({
        authorization: `Bearer ${await api.issuer.accessToken({ name: 'alice' }, (claims) => ({ ...claims, auth_time: authTime }))}`,
      });
    expect(outcome(await (await bearer(seconds)).graphql(acts.revealRobotToken()))).toEqual([]);
    expect(outcome(await (await bearer(seconds - 7300)).graphql(acts.revealRobotToken()))).toEqual(required(7200));
    await age(0);
    const made = await alice.graphql(
      'mutation { createApiToken(input: { title: "ci", scopes: [ROBOTS_ADMIN] }) { secret } }',
    );
    const { secret } = made.data['createApiToken'] as { secret: string };
    const program = api.caller({ authorization: `Bearer ${secret}` });
    expect(outcome(await program.graphql(acts.revealRobotToken()))).toEqual([]);
  });
});

test('sixty tokens are shown again within an hour, also when many are asked for at once; then the answer says when to go on', async () => {
  const dave = await api.signIn({ name: 'dave' });
  await dave.graphql('mutation { createRobot(input: { namespace: "dave", name: "ci" }) { robot { id } } }');
  const reveal = () => dave.graphql(`mutation { revealRobotToken(input: { robot: "dave+ci" }) { ${revealed} } }`);
  const answers = await Promise.all(Array.from({ length: 66 }, reveal));
  expect(answers.filter(({ errors }) => errors.length === 0)).toHaveLength(60);
  const refused = answers.flatMap(outcome);
  expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(['TOOMANYREQUESTS']));
  for (const { detail } of refused) {
    expect(detail?.['retryAfter']).toBeGreaterThan(3500);
    expect(detail?.['retryAfter']).toBeLessThanOrEqual(3600);
  }
  const em = api.database.orm.em.fork();
  await em.execute(`update reveal_counts set shown_at = array(select t - interval '1 hour' from unnest(shown_at) t)`);
  expect(outcome(await reveal())).toEqual([]);
});
