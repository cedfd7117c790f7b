import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { signIn, type SignedIn } from '../support/sign-in.ts';
import { openScene, type Scene } from './scene.ts';

/** Refreshing is due every two seconds in the first realm, so that what it brings is soon there. */
const soon = { timeout: 30_000, interval: 250 };
const isSignedIn = async (person: SignedIn) =>
  (await person.graphql<{ viewer: unknown }>('{ viewer { id } }')).data?.viewer !== null;

/** Takes somebody out of all groups. */
async function leaveGroups({ admin, realm }: Scene, username: string): Promise<void> {
  const subject = await admin.subjectOf(realm, username);
  for (const { id } of await admin.ask<{ id: string }[]>('GET', `/${realm}/users/${subject}/groups`))
    await admin.ask('DELETE', `/${realm}/users/${subject}/groups/${id}`);
}

/** By the group's full path. */
async function joinGroup({ admin, realm }: Scene, username: string, path: string): Promise<void> {
  const { id } = await admin.ask<{ id: string }>('GET', `/${realm}/group-by-path${path}`);
  await admin.ask('PUT', `/${realm}/users/${await admin.subjectOf(realm, username)}/groups/${id}`);
}

/** Whether a bearer gets an answer without errors. */
async function works({ stack }: Scene, bearer: string, query: string): Promise<boolean> {
  const answer = await fetch(`${stack.url}/graphql`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', Authorization: `Bearer ${bearer}`, 'x-escale-csrf': '1' },
    body: JSON.stringify({ query }),
  });
  return answer.ok && !(await answer.text()).includes('"errors"');
}

/** Makes an API token and an application token of somebody. @returns what asks for the status of both */
async function tokensOf(scene: Scene, who: SignedIn): Promise<() => Promise<number[]>> {
  const { createApiToken, createApplicationToken } = await who.ask<{
    createApiToken: { secret: string };
    createApplicationToken: { credentials: { password: string } };
  }>(
    `mutation { createApiToken(input: { title: "ci", scopes: [READ] }) { secret }
       createApplicationToken(input: { title: "laptop" }) { credentials { password } } }`,
  );
  const basic = btoa(`$app:${createApplicationToken.credentials.password}`);
  return async () => {
    const api = (await works(scene, createApiToken.secret, '{ viewer { id } }')) ? 200 : 401;
    const docker = await fetch(`${scene.stack.url}/v2/auth`, { headers: { Authorization: `Basic ${basic}` } });
    return [api, docker.status];
  };
}

describe('within the refresh time', () => {
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene({ environment: { ESCALE_OIDC_REFRESH_SECONDS: '2' } });
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  test('a session outlives Keycloak’s access token and refresh tokens that are revoked at use', async () => {
    const bob = await signIn(scene.stack, 'bob');
    const { id } = await scene.admin.clientOf(scene.realm, 'escale-web');
    const lastUse = async () => {
      const sessions = await scene.admin.ask<{ username: string; lastAccess: number }[]>(
        'GET',
        `/${scene.realm}/clients/${id}/user-sessions`,
      );
      return sessions.find(({ username }) => username === 'bob')?.lastAccess ?? 0;
    };
    for (let round = 0; round < 3; round += 1) {
      const before = await lastUse();
      await expect.poll(lastUse, soon).toBeGreaterThan(before);
    }
    expect(await isSignedIn(bob)).toBe(true);
  });

  test('the last group that somebody leaves ends its rights, and the claim is absent then (T11)', async () => {
    const admin = await signIn(scene.stack, 'admin', { confirm: false });
    const isAdministrator = async () =>
      (await admin.ask<{ viewer: { isAdministrator: boolean } }>('{ viewer { isAdministrator } }')).viewer
        .isAdministrator;
    expect(await isAdministrator()).toBe(true);
    await leaveGroups(scene, 'admin');
    await expect.poll(isAdministrator, soon).toBe(false);
  });

  test('a team that follows a group follows it while its people are signed in, also of a silent browser', async () => {
    const carol = await signIn(scene.stack, 'carol');
    await carol.ask('mutation { createOrganization(input: { name: "acme" }) { organization { name } } }');
    await carol.ask('mutation { createTeam(input: { organization: "acme", name: "devs" }) { team { name } } }');
    await joinGroup(scene, 'admin', '/escale-admins');
    const admin = await signIn(scene.stack, 'admin', { confirm: false });
    await admin.ask('mutation { confirmUsername(input: { username: "head" }) { viewer { username } } }');
    await admin.ask(
      'mutation { allowOrganizationGroups(input: { organization: "acme", patterns: ["/platform/*"] }) { organization { name } } }',
    );
    await carol.ask(
      'mutation { syncTeam(input: { organization: "acme", team: "devs", group: "/platform/dev" }) { team { name } } }',
    );
    await signIn(scene.stack, 'alice');
    const members = async () =>
      JSON.stringify(
        await carol.ask(
          '{ organization(name: "acme") { team(name: "devs") { members { nodes { principal { ... on User { username } } } } } } }',
        ),
      );
    await expect.poll(members, soon).toContain('alice');
    await leaveGroups(scene, 'alice');
    await expect.poll(members, soon).not.toContain('alice');
  });

  test('a disabled person is signed out and all tokens stop, until the person is enabled and signs in again', async () => {
    const bob = await signIn(scene.stack, 'bob', { confirm: false });
    const tokens = await tokensOf(scene, bob);
    expect(await tokens()).toEqual([200, 200]);
    const path = `/${scene.realm}/users/${await scene.admin.subjectOf(scene.realm, 'bob')}`;
    await scene.admin.ask('PUT', path, { enabled: false });
    await expect.poll(() => isSignedIn(bob), soon).toBe(false);
    expect(await tokens()).toEqual([401, 401]);
    await scene.admin.ask('PUT', path, { enabled: true });
    expect(await tokens()).toEqual([401, 401]);
    expect(await isSignedIn(await signIn(scene.stack, 'bob', { confirm: false }))).toBe(true);
    expect(await tokens()).toEqual([200, 200]);
  });

  test('tokens stop without an open browser, and not because the person signs out', async () => {
    const alice = await signIn(scene.stack, 'alice', { confirm: false });
    const tokens = await tokensOf(scene, alice);
    const [{ id } = { id: '' }] = (
      await alice.ask<{ viewer: { sessions: { id: string; current: boolean }[] } }>(
        '{ viewer { sessions { id current } } }',
      )
    ).viewer.sessions.filter(({ current }) => current);
    await alice.ask(`mutation { revokeSession(input: { id: "${id}" }) { id } }`);
    const path = `/${scene.realm}/users/${await scene.admin.subjectOf(scene.realm, 'alice')}`;
    await scene.admin.ask('PUT', path, { enabled: false });
    await expect.poll(tokens, soon).toEqual([401, 401]);
    await scene.admin.ask('PUT', path, { enabled: true });
    const again = await signIn(scene.stack, 'alice', { confirm: false });
    expect(await tokens()).toEqual([200, 200]);
    const answer = await again.jar.fetch(`${scene.stack.url}/auth/logout`, {
      method: 'POST',
      headers: { 'x-escale-csrf': '1', Origin: scene.stack.url },
    });
    await again.jar.follow(((await answer.json()) as { redirectTo: string }).redirectTo);
    // Three times the refresh time, in which Keycloak refuses the refresh token of the session that is over.
    await new Promise((resolve) => setTimeout(resolve, 6000));
    expect(await tokens()).toEqual([200, 200]);
  });

  test('the administrators’ group ends with its rights for tokens, too, without an open browser', async () => {
    await joinGroup(scene, 'admin', '/escale-admins');
    const admin = await signIn(scene.stack, 'admin', { confirm: false });
    const { createApiToken } = await admin.ask<{ createApiToken: { secret: string } }>(
      'mutation { createApiToken(input: { title: "admin", scopes: [READ, ADMINISTRATION] }) { secret } }',
    );
    const administers = () => works(scene, createApiToken.secret, '{ users { totalCount } }');
    expect(await administers()).toBe(true);
    await leaveGroups(scene, 'admin');
    await expect.poll(administers, soon).toBe(false);
  });

  test('the sign-in says when the password was shown, so that tokens can be shown again', async () => {
    const carol = await signIn(scene.stack, 'carol', { confirm: false });
    await carol.ask('mutation { createRobot(input: { namespace: "carol", name: "ci" }) { robot { id } } }');
    const reveal = 'mutation { revealRobotToken(input: { robot: "carol+ci" }) { credentials { password } } }';
    expect((await carol.graphql(reveal)).errors).toBeUndefined();
  });

  test('a deleted person is signed out, and all tokens stop', async () => {
    const bob = await signIn(scene.stack, 'bob', { confirm: false });
    const tokens = await tokensOf(scene, bob);
    await scene.admin.ask('DELETE', `/${scene.realm}/users/${await scene.admin.subjectOf(scene.realm, 'bob')}`);
    await expect.poll(() => isSignedIn(bob), soon).toBe(false);
    // The other sessions of the person are due within the refresh time.
    await expect.poll(tokens, soon).toEqual([401, 401]);
  });
});

describe('at once, by back-channel logout', () => {
  /** What the promise says: milliseconds from Keycloak's logout to the end of our session. Refreshing is not due for minutes. */
  const promised = { timeout: 5000, interval: 100 };
  let scene: Scene;
  beforeAll(async () => {
    scene = await openScene({ environment: { ESCALE_OIDC_REFRESH_SECONDS: '900' } });
  });
  afterAll(async () => {
    await scene[Symbol.asyncDispose]();
  });

  test('an administrator of Keycloak signs a person out everywhere, and nobody else', async () => {
    const [first, second] = [
      await signIn(scene.stack, 'alice'),
      await signIn(scene.stack, 'alice', { confirm: false }),
    ];
    const bob = await signIn(scene.stack, 'bob');
    await scene.admin.ask('POST', `/${scene.realm}/users/${await scene.admin.subjectOf(scene.realm, 'alice')}/logout`);
    await expect.poll(() => isSignedIn(first), promised).toBe(false);
    await expect.poll(() => isSignedIn(second), promised).toBe(false);
    expect(await isSignedIn(bob)).toBe(true);
  });

  test('ending one session at Keycloak ends that one here', async () => {
    const [first, second] = [
      await signIn(scene.stack, 'carol'),
      await signIn(scene.stack, 'carol', { confirm: false }),
    ];
    const subject = await scene.admin.subjectOf(scene.realm, 'carol');
    const sessions = await scene.admin.ask<{ id: string; start: number }[]>(
      'GET',
      `/${scene.realm}/users/${subject}/sessions`,
    );
    expect(sessions).toHaveLength(2);
    await scene.admin.ask('DELETE', `/${scene.realm}/sessions/${sessions[0]?.id ?? ''}`);
    const alive = async () => (await Promise.all([first, second].map(isSignedIn))).filter(Boolean).length;
    await expect.poll(alive, promised).toBe(1);
  });
});
