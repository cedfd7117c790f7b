import path from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { runningPostgres } from '@escale/cli/embedded';
import { createOrm, type Orm } from '@escale/schema/testing';
import { examine } from '../support/doctor.ts';
import { signIn, type SignedIn } from '../support/sign-in.ts';
import { openScene, type Scene } from './scene.ts';

const syncSecret = 'made-for-this-realm-alone-0123456789';
let scene: Scene;
let admin: SignedIn;
let orm: Orm;
beforeAll(async () => {
  scene = await openScene({
    environment: { ESCALE_OIDC_SYNC_CLIENT_ID: 'escale-sync', ESCALE_OIDC_SYNC_CLIENT_SECRET: syncSecret },
  });
  const { id, ...client } = await scene.admin.clientOf(scene.realm, 'escale-sync');
  await scene.admin.ask('PUT', `/${scene.realm}/clients/${id}`, { ...client, secret: syncSecret });
  admin = await signIn(scene.stack, 'admin', { confirm: false });
  await admin.ask('mutation { confirmUsername(input: { username: "head" }) { viewer { username } } }');
  const databaseUrl = await runningPostgres(path.join(scene.stack.dataDir, 'database'));
  if (databaseUrl === undefined) throw new Error('the database of the product does not run');
  orm = await createOrm({ databaseUrl, poolSize: 1 });
  await admin.ask('mutation { createOrganization(input: { name: "acme" }) { organization { id } } }');
  await admin.ask('mutation { createTeam(input: { organization: "acme", name: "dev" }) { team { id } } }');
});
afterAll(async () => {
  await orm.close();
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

/** The look at the groups comes every minute; here it is asked for. */
async function look(): Promise<void> {
  await orm.em.fork().execute(`select graphile_worker.add_job('follow-groups')`);
}

/** No sign-in happens meanwhile. */
async function until(wanted: readonly string[]): Promise<void> {
  await look();
  await expect.poll(members, soon).toEqual(wanted);
}

const soon = { timeout: 90_000, interval: 500 };

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
    await look();
    await expect.poll(() => scene.stack.logs(), soon).toContain('cannot be followed');
    expect(scene.stack.logs()).toContain('Keycloak does not answer');
    expect(await members()).toEqual(['carol']);
  } finally {
    await fetch(`${control}/restart`, { signal: AbortSignal.timeout(290_000) });
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
