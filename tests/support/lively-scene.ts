import type { TestDatabase } from '@escale/schema/testing';
import { buildUser } from '@escale/schema/testing';
import type { Inhabitants } from './console-places.ts';
import { OciClient } from './oci.ts';
import { signIn, type SignedIn } from './sign-in.ts';
import type { Stack } from './stack.ts';
import { attach, pushImage, pushIndex, type Pushed } from './lively-images.ts';
import { asOfDays } from './passed-time.ts';

/** What an installation holds that has been used for a while. */
export interface LivelyScene {
  /** What the pages of the console are about here; the manifest is an image for two platforms, signed, with a bill of materials. */
  readonly inhabitants: Inhabitants;
  /** Tells everybody something, above every page. */
  announce(): Promise<void>;
}

/** Calls a mutation by its name. @returns what its payload holds of the selection */
export async function change(who: SignedIn, mutation: string, input: object, selection = '__typename') {
  const type = `${mutation.charAt(0).toUpperCase()}${mutation.slice(1)}Input`;
  const document = `mutation ($input: ${type}!) { ${mutation}(input: $input) { ${selection} } }`;
  const data = await who.ask(document, { input });
  return data[mutation] as Record<string, unknown>;
}

type Credentials = Record<'credentials', { username: string; password: string }>;
const credentials = 'credentials { username password }';

/** People, an organization with everything in it, images, pulls, and a week in which it happened. */
export async function livelyScene(stack: Stack, database: TestDatabase): Promise<LivelyScene> {
  const alice = await signIn(stack, 'alice');
  const bob = await signIn(stack, 'bob');
  const admin = await signIn(stack, 'admin', { confirm: false });
  await change(admin, 'confirmUsername', { username: 'boss' });
  const em = database.orm.em.fork();
  for (const name of ['dana', 'erik', 'fatou', 'grace', 'hugo.martin']) await buildUser(em, { name });

  await furnish(alice, admin);
  await change(bob, 'createOrganization', { name: 'northwind' });
  const ci = (await change(alice, 'createRobotToken', { robot: 'acme+ci' }, credentials)) as Credentials;
  const client = new OciClient(stack.url, ci.credentials);
  const index = await pushEverything(client);
  await changeTags(alice, index);
  await pullSome(stack, ci.credentials);
  for (const title of ['laptop', 'build server'])
    await change(alice, 'createApplicationToken', { title, expiresAt: title === 'laptop' ? null : inDays(60) });
  await change(alice, 'createApiToken', { title: 'nightly report', scopes: ['READ'], expiresAt: inDays(30) });
  await change(alice, 'createApiToken', { title: 'provisioning', scopes: ['REPOSITORIES_ADMIN', 'ROBOTS_ADMIN'] });
  await asOfDays(database, 7);
  return {
    inhabitants: {
      organization: 'acme',
      team: 'developers',
      robot: 'ci',
      repository: 'acme/app',
      digest: index.digest,
      emptyRepository: 'acme/charts/app',
    },
    announce: async () => {
      const text = 'Maintenance on Saturday from 22:00 to 23:00 UTC: pushes may be refused for a few minutes.';
      await change(admin, 'createMessage', { severity: 'WARNING', text });
    },
  };
}

const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

const repositories: readonly (readonly [name: string, visibility: string, description: string])[] = [
  ['acme/app', 'PRIVATE', 'The shop: storefront, checkout and everything that customers see.'],
  ['acme/web', 'PRIVATE', 'Static pages and the help centre.'],
  ['acme/worker', 'PRIVATE', 'Background jobs: mail, invoices, exports.'],
  ['acme/base/debian', 'PUBLIC', 'Debian slim with our certificates; rebuilt every night.'],
  ['acme/charts/app', 'PRIVATE', 'The Helm chart of the shop.'],
  ['acme/tools/lint', 'PUBLIC', ''],
  ['alice/scratch', 'PRIVATE', 'Trying things out.'],
];

async function furnish(alice: SignedIn, admin: SignedIn): Promise<void> {
  const organization = 'acme';
  const described = { description: 'Payments and storefront of ACME', contactEmail: 'platform@acme.example' };
  await change(alice, 'createOrganization', { name: organization, ...described });
  await change(alice, 'createOrganization', { name: 'harbour' });
  for (const [name, role, description, members] of [
    ['developers', 'CREATOR', 'Everybody who writes code', ['bob', 'dana', 'erik', 'fatou']],
    ['operations', 'MEMBER', 'On call for production', ['grace', 'dana']],
    ['support', 'MEMBER', '', ['hugo.martin']],
  ] as const) {
    await change(alice, 'createTeam', { organization, name, role, description });
    for (const member of members) await change(alice, 'addTeamMember', { organization, team: name, member });
  }
  const awaited = { organization, team: 'developers', login: 'ines@acme.example' };
  await change(alice, 'addPendingTeamMember', awaited);
  await change(alice, 'createTeam', { organization, name: 'platform', role: 'MEMBER' });
  await change(admin, 'allowOrganizationGroups', { organization, patterns: ['/acme/*'] });
  await change(alice, 'syncTeam', { organization, team: 'platform', group: '/acme/platform' });
  for (const [name, description] of [
    ['ci', 'Builds and pushes every commit'],
    ['cluster', 'Pulls for production'],
    ['mirror', 'Copies base images'],
  ])
    await change(alice, 'createRobot', { namespace: organization, name, description });
  for (const [name, visibility, description] of repositories)
    await change(alice, 'createRepository', { name, visibility, description });
  const grant = (repository: string, grantee: object, role: string) =>
    change(alice, 'setRepositoryPermission', { repository, grantee, role });
  for (const [repository] of repositories.filter(([name]) => name.startsWith('acme/'))) {
    await grant(repository, { team: 'developers' }, 'WRITE');
    await grant(repository, { robot: 'acme+ci' }, 'WRITE');
    await grant(repository, { robot: 'acme+cluster' }, 'READ');
  }
  await grant('acme/app', { user: 'grace' }, 'ADMIN');
  for (const [role, grantee] of [
    ['WRITE', { team: 'developers' }],
    ['READ', { robot: 'acme+cluster' }],
  ] as const)
    await change(alice, 'createDefaultPermission', { organization, role, grantee });
  await change(alice, 'setStar', { repository: 'acme/app', starred: true });
}

async function pushEverything(client: OciClient): Promise<Pushed> {
  const app = { client, repository: 'acme/app' };
  let index: Pushed | undefined;
  const deprecated = { 'escale.deprecated': 'Use 1.4.2: this one cannot take payments any more.' };
  await pushIndex(app, '1.2.0', ['1.2.0'], deprecated);
  for (const version of ['1.3.0', '1.3.1', '1.4.0', '1.4.1', '1.4.2'])
    index = await pushIndex(app, version, version === '1.4.2' ? [version, '1.4', 'latest'] : [version]);
  if (!index) throw new Error('there is no version');
  await attach(app, index, 'application/vnd.dev.cosign.artifact.sig.v1+json', '{"signed":"by ci"}');
  await attach(app, index, 'application/spdx+json', '{"spdxVersion":"SPDX-2.3"}');
  for (const change of ['pr-812', 'pr-815', 'main']) await pushImage(app, change, 'amd64', change);
  // What nobody names any more: an earlier `main`.
  await pushImage(app, 'main again', 'amd64', 'main');
  for (const repository of ['acme/web', 'acme/worker', 'acme/base/debian', 'acme/tools/lint'])
    for (const version of ['2.0.3', '2.1.0']) await pushImage({ client, repository }, version, 'amd64', version);
  return index;
}

async function changeTags(alice: SignedIn, index: Pushed): Promise<void> {
  const repository = 'acme/app';
  await change(alice, 'setTagImmutability', { repository, tag: '1.4.2', immutable: true });
  await change(alice, 'setTagExpiry', { repository, tag: 'pr-812', expiresAt: inDays(4) });
  await change(alice, 'setTag', { repository, tag: 'production', digest: index.digest });
  await change(alice, 'deleteTag', { repository, tag: 'pr-815' });
  await change(alice, 'createRepository', { name: 'acme/legacy' });
  await change(alice, 'deleteRepository', { repository: 'acme/legacy', confirmName: 'acme/legacy' });
}

async function pullSome(stack: Stack, robot: { username: string; password: string }): Promise<void> {
  const agents = ['containerd/2.1.3', 'docker/28.2.1 go/go1.24 os/linux arch/amd64', 'podman/5.4.2'];
  const known = new OciClient(stack.url, robot);
  const anybody = new OciClient(stack.url);
  for (let turn = 0; turn < 40; turn += 1) {
    const [client, address] =
      turn % 4 === 0
        ? [anybody, '/v2/acme/base/debian/manifests/2.1.0']
        : [known, `/v2/acme/app/manifests/${turn % 3 === 0 ? 'latest' : '1.4.2'}`];
    const answer = await client.request(address, { headers: { 'User-Agent': agents[turn % 3] ?? '' } });
    if (answer.status !== 200) throw new Error(`pull refused: ${String(answer.status)} ${await answer.text()}`);
    await answer.body?.cancel();
  }
  // They are written every second.
  await new Promise((resolve) => setTimeout(resolve, 1500));
}
