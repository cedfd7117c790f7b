import { afterAll, beforeAll, expect, test } from 'vitest';
import { UsageLogEntry } from '@escale/schema/entities';
import { startTestApi, type Answer, type Caller, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let alice: Caller;
let bob: Caller;
let administrator: Caller;
beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice' });
  bob = await api.signIn({ name: 'bob' });
  administrator = await api.signIn({ name: 'boss', groups: ['/escale-admins'] });
});
afterAll(() => api.close());

const faults = ({ errors }: Answer) => errors.map(({ extensions: { code, field } }) => [code, field]);
const create = (caller: Caller, input: Record<string, unknown>) =>
  caller.graphql(
    `mutation($input: CreateOrganizationInput!) {
       createOrganization(input: $input) { organization { name viewerRole contactEmail description } } }`,
    { input },
  );

test('whoever makes an organization administers it, and the usage log says so', async () => {
  const answer = await create(alice, { name: 'acme', contactEmail: 'ops@acme.example', description: 'We ship' });
  expect(answer.data).toEqual({
    createOrganization: {
      organization: { name: 'acme', viewerRole: 'ADMIN', contactEmail: 'ops@acme.example', description: 'We ship' },
    },
  });
  const log = await api.database.orm.em.fork().find(UsageLogEntry, { namespace: 'acme' });
  expect(log.map(({ kind, performer }) => [kind, performer])).toEqual([['organization.created', 'alice']]);
});

test.each([
  [{ name: 'Acme' }, 'NAME_INVALID', 'name'],
  [{ name: 'acme2', description: 'x'.repeat(10_001) }, 'INPUT_INVALID', 'description'],
  [{ name: 'bob' }, 'NAMESPACE_TAKEN', 'name'],
  [{ name: 'library' }, 'NAME_RESERVED', 'name'],
])('%j is refused at the field', async (input, code, field) => {
  expect(faults(await create(alice, input))).toEqual([[code, field]]);
});

test('nobody makes one without signing in', async () => {
  expect(faults(await create(api.caller(), { name: 'anonymous' }))).toEqual([['UNAUTHORIZED', undefined]]);
});

test('its header is visible to all; the contact address to its admins', async () => {
  await create(alice, { name: 'visible', contactEmail: 'ops@acme.example' });
  const query = '{ organization(name: "visible") { name contactEmail viewerRole } }';
  expect((await bob.graphql(query)).data).toEqual({
    organization: { name: 'visible', contactEmail: null, viewerRole: null },
  });
  expect((await administrator.graphql(query)).data).toMatchObject({ organization: { viewerRole: 'ADMIN' } });
  expect((await bob.graphql('{ organization(name: "missing") { id } }')).data).toEqual({ organization: null });
});

test('an administrator is told where only that gives the right, in an organization and on its repositories', async () => {
  await create(alice, { name: 'foreign' });
  await alice.graphql(
    'mutation { createRepository(input: { name: "foreign/app", visibility: PUBLIC }) { repository { id } } }',
  );
  const query =
    '{ organization(name: "foreign") { viewerActsAsAdministrator } repository(name: "foreign/app") { viewerActsAsAdministrator } }';
  const says = (acts: boolean) => ({
    organization: { viewerActsAsAdministrator: acts },
    repository: { viewerActsAsAdministrator: acts },
  });
  expect((await administrator.graphql(query)).data).toEqual(says(true));
  for (const caller of [alice, bob, api.caller()]) expect((await caller.graphql(query)).data).toEqual(says(false));
  // A right of the own that is as high ends it.
  await alice.graphql(
    'mutation { addTeamMember(input: { organization: "foreign", team: "owners", member: "boss" }) { team { id } } }',
  );
  expect((await administrator.graphql(query)).data).toEqual(says(false));
});

test('robots are for members', async () => {
  await create(alice, { name: 'closed' });
  for (const query of ['robots { totalCount }', 'robot(name: "ci") { id }']) {
    const answer = await bob.graphql(`{ organization(name: "closed") { ${query} } }`);
    expect(faults(answer)).toEqual([['DENIED', undefined]]);
    expect(answer.errors[0]?.message).toMatch(/bob may not .* closed: it needs the team role member/);
  }
});

test('one lists the organizations one belongs to, and administrators all, page by page', async () => {
  const carol = await api.signIn({ name: 'carol' });
  for (const name of ['paged-c', 'paged-a', 'paged-b']) await create(carol, { name });
  const names: string[] = [];
  let after: string | null = null;
  for (let page = 0; page < 3; page += 1) {
    const answer: Answer = await carol.graphql(
      `query($after: String) { organizations(first: 2, after: $after) {
         totalCount edges { cursor node { name } } nodes { name } pageInfo { hasNextPage endCursor } } }`,
      { after },
    );
    const list = answer.data['organizations'] as {
      totalCount: number;
      edges: { cursor: string; node: { name: string } }[];
      nodes: { name: string }[];
      pageInfo: { hasNextPage: boolean; endCursor: string };
    };
    expect(list.totalCount).toBe(3);
    expect(list.edges.map(({ node }) => node)).toEqual(list.nodes);
    expect(list.edges.at(-1)?.cursor).toBe(list.pageInfo.endCursor);
    names.push(...list.nodes.map(({ name }) => name));
    if (!list.pageInfo.hasNextPage) break;
    after = list.pageInfo.endCursor;
  }
  expect(names).toEqual(['paged-a', 'paged-b', 'paged-c']);
  const search = await carol.graphql('{ organizations(search: " -A") { totalCount nodes { name } } }');
  expect(search.data).toEqual({ organizations: { totalCount: 1, nodes: [{ name: 'paged-a' }] } });
  const count = async (caller: Caller) =>
    ((await caller.graphql('{ organizations { totalCount } }')).data['organizations'] as { totalCount: number })
      .totalCount;
  expect(await count(bob)).toBe(0);
  expect(await count(api.caller())).toBe(0);
  expect(await count(administrator)).toBeGreaterThanOrEqual(3);
});
