import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { examine } from '../support/doctor.ts';
import { signIn, type SignedIn } from '../support/sign-in.ts';
import { openScene, type Scene } from './scene.ts';

const syncSecret = 'made-for-this-realm-alone-0123456789';
let scene: Scene;
let admin: SignedIn;
beforeAll(async () => {
  scene = await openScene({
    environment: { ESCALE_OIDC_SYNC_CLIENT_ID: 'escale-sync', ESCALE_OIDC_SYNC_CLIENT_SECRET: syncSecret },
  });
  const { id, ...client } = await scene.admin.clientOf(scene.realm, 'escale-sync');
  await scene.admin.ask('PUT', `/${scene.realm}/clients/${id}`, { ...client, secret: syncSecret });
  admin = await signIn(scene.stack, 'admin');
  await admin.ask('mutation { createOrganization(input: { name: "acme" }) { organization { id } } }');
  await admin.ask('mutation { createTeam(input: { organization: "acme", name: "dev" }) { team { id } } }');
});
afterAll(async () => {
  await scene[Symbol.asyncDispose]();
});

const members = async (): Promise<string[]> => {
  const { organization } = await admin.ask<{
    organization: { team: { members: { nodes: { principal: { username: string } }[] } } };
  }>(
    `{ organization(name: "acme") { team(name: "dev") { members(first: 100) { nodes { principal { ... on User { username } } } } } } }`,
  );
  return organization.team.members.nodes.map(({ principal }) => principal.username);
};

/** What the look at the groups brings comes within a minute, and no sign-in happens meanwhile. */
async function until(wanted: readonly string[]): Promise<void> {
  for (let waited = 0; waited < 150 && (await members()).join() !== wanted.join(); waited += 1) await sleep(1000);
  expect(await members()).toEqual(wanted);
}

const changeGroup = async (method: 'PUT' | 'DELETE', username: string, path: string): Promise<void> => {
  const { admin: keycloak, realm } = scene;
  const { id } = await keycloak.ask<{ id: string }>('GET', `/${realm}/group-by-path${path}`);
  await keycloak.ask(method, `/${realm}/users/${await keycloak.subjectOf(realm, username)}/groups/${id}`);
};

test('a team follows its group without a sign-in, and keeps its people while Keycloak is away', async () => {
  await signIn(scene.stack, 'alice');
  await signIn(scene.stack, 'carol');
  await admin.ask(
    'mutation { syncTeam(input: { organization: "acme", team: "dev", group: "/platform/dev" }) { team { id } } }',
  );
  await until(['alice']);
  await changeGroup('PUT', 'carol', '/platform/dev');
  await until(['alice', 'carol']);
  await changeGroup('DELETE', 'alice', '/platform/dev');
  await until(['carol']);
  const { control } = inject('keycloak');
  await fetch(`${control}/stop`);
  try {
    for (let waited = 0; waited < 150 && !scene.stack.logs().includes('cannot be followed'); waited += 1)
      await sleep(1000);
    expect(scene.stack.logs()).toContain('Keycloak does not answer');
    expect(await members()).toEqual(['carol']);
  } finally {
    await fetch(`${control}/start`);
  }
  await changeGroup('DELETE', 'carol', '/platform/dev');
  await until([]);
}, 600_000);

test('somebody who has never signed in is found, waited for, and in the team from the first sign-in on', async () => {
  await admin.ask('mutation { createTeam(input: { organization: "acme", name: "web" }) { team { id } } }');
  const found = await admin.ask('{ directoryPeople(organization: "acme", text: "bo") { username name } }');
  expect(found).toEqual({ directoryPeople: [{ username: 'bob', name: 'Bob Durand' }] });
  await admin.ask(
    'mutation { addPendingTeamMember(input: { organization: "acme", team: "web", login: "bob" }) { team { id } } }',
  );
  const bob = await signIn(scene.stack, 'bob');
  expect(await bob.ask('{ viewer { organizations { name } } }')).toEqual({
    viewer: { organizations: [{ name: 'acme' }] },
  });
});

test.each([
  ['redirect URI', { redirectUris: ['http://localhost:1/auth/callback'] }],
  ['client secret', { secret: 'another' }],
  ['audience', { protocolMappers: [] }],
])('the doctor names %s when the client is broken so', async (check, changes) => {
  const { admin: keycloak, realm, password, stack, secrets, issuer } = scene;
  const client = await keycloak.clientOf(realm, 'escale-web');
  const environment = {
    ESCALE_EXTERNAL_URL: stack.url,
    ESCALE_DATA_DIR: stack.dataDir,
    ESCALE_OIDC_ISSUER: issuer,
    ESCALE_OIDC_CLIENT_ID: 'escale-web',
    ESCALE_OIDC_CLIENT_SECRET: secrets.web,
  };
  const person = { username: 'admin', password };
  expect((await examine(environment, person)).code).toBe(0);
  if ('protocolMappers' in changes) {
    const mappers = (client['protocolMappers'] ?? []) as { id: string; name: string }[];
    for (const { id, name } of mappers)
      if (name.startsWith('audience'))
        await keycloak.ask('DELETE', `/${realm}/clients/${client.id}/protocol-mappers/models/${id}`);
  } else await keycloak.ask('PUT', `/${realm}/clients/${client.id}`, { ...client, ...changes });
  const broken = await examine(environment, person);
  expect([broken.code, broken.outcomes[check]], broken.text).toEqual([1, 'failed']);
  if (!('protocolMappers' in changes)) {
    await keycloak.ask('PUT', `/${realm}/clients/${client.id}`, { ...client, secret: secrets.web });
  }
});
