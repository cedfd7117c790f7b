import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Manifest, Repository, Tag } from '@escale/schema/entities';
import type { Digest, TagName } from '@escale/schema/values';
import { startTestApi, type Answer, type Caller, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let alice: Caller;
let bob: Caller;
beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice' });
  bob = await api.signIn({ name: 'bob' });
  await alice.graphql('mutation { createOrganization(input: { name: "acme" }) { organization { id } } }');
});
afterAll(() => api.close());

const faults = ({ errors }: Answer) => errors.map(({ extensions: { code, field } }) => [code, field]);
const create = (caller: Caller, input: Record<string, unknown>) =>
  caller.graphql(
    'mutation($input: CreateRepositoryInput!) { createRepository(input: $input) { repository { name path visibility viewerRole namespace { __typename name } } } }',
    { input },
  );
const show = (caller: Caller, name: string, fields = 'name') =>
  caller.graphql(`query($name: String!) { repository(name: $name) { ${fields} } }`, { name });
const permit = (caller: Caller, repository: string, grantee: Record<string, string>, role = 'READ') =>
  caller.graphql(
    `mutation($input: SetRepositoryPermissionInput!) { setRepositoryPermission(input: $input) { permission {
       role repository { name } grantee { __typename ... on User { username } ... on Robot { login } ... on Team { team: name } } } } }`,
    { input: { repository, grantee, role } },
  );
const forbid = (caller: Caller, repository: string, grantee: Record<string, string>) =>
  caller.graphql(
    'mutation($input: RemoveRepositoryPermissionInput!) { removeRepositoryPermission(input: $input) { repository { name } } }',
    { input: { repository, grantee } },
  );

describe('creating', () => {
  test('is private unless said otherwise, and nested paths are kept', async () => {
    expect((await create(alice, { name: 'acme/team/app' })).data).toEqual({
      createRepository: {
        repository: {
          name: 'acme/team/app',
          path: 'team/app',
          visibility: 'PRIVATE',
          viewerRole: 'ADMIN',
          namespace: { __typename: 'Organization', name: 'acme' },
        },
      },
    });
    expect((await create(alice, { name: 'alice/app', visibility: 'PUBLIC' })).data).toMatchObject({
      createRepository: { repository: { visibility: 'PUBLIC', namespace: { __typename: 'User', name: 'alice' } } },
    });
  });

  test.each([
    [{ name: 'acme' }, 'NAME_INVALID', 'name'],
    [{ name: 'acme/Upper' }, 'NAME_INVALID', 'name'],
    [{ name: 'acme//x' }, 'NAME_INVALID', 'name'],
    [{ name: '../x' }, 'NAME_INVALID', 'name'],
    [{ name: 'missing/x' }, 'NOT_FOUND', 'namespace'],
    [{ name: 'bob/x' }, 'DENIED', undefined],
    [{ name: 'acme/wordy', description: 'x'.repeat(50_001) }, 'INPUT_INVALID', 'description'],
  ])('%j is refused', async (input, code, field) => {
    expect(faults(await create(alice, input))).toEqual([[code, field]]);
  });

  test('twice is refused at the field', async () => {
    await create(alice, { name: 'acme/twice' });
    expect(faults(await create(alice, { name: 'acme/twice' }))).toEqual([['REPOSITORY_EXISTS', 'name']]);
  });
});

describe('what one may not see does not exist', () => {
  test('a private repository is null to others, as a missing one is, byte for byte', async () => {
    await create(alice, { name: 'acme/secret' });
    for (const caller of [bob, api.caller()]) {
      const hidden = await show(caller, 'acme/secret');
      expect(hidden.data).toEqual({ repository: null });
      expect(hidden.text).toBe((await show(caller, 'acme/missing')).text);
    }
    const verb = await permit(bob, 'acme/secret', { user: 'bob' });
    expect(faults(verb)).toEqual([['NAME_UNKNOWN', undefined]]);
    expect(verb.text.replaceAll('secret', '*')).toBe(
      (await permit(bob, 'acme/missing', { user: 'bob' })).text.replaceAll('missing', '*'),
    );
  });

  test('public is seen by all at once, and private again by none', async () => {
    await create(alice, { name: 'acme/open' });
    const set = (visibility: string) =>
      alice.graphql(
        'mutation($input: SetRepositoryVisibilityInput!) { setRepositoryVisibility(input: $input) { repository { visibility } } }',
        { input: { repository: 'acme/open', visibility } },
      );
    expect((await set('PUBLIC')).data).toEqual({ setRepositoryVisibility: { repository: { visibility: 'PUBLIC' } } });
    expect((await show(api.caller(), 'acme/open', 'viewerRole')).data).toEqual({ repository: { viewerRole: 'READ' } });
    expect(faults(await permit(bob, 'acme/open', { user: 'bob' }))).toEqual([['DENIED', undefined]]);
    await set('PRIVATE');
    expect((await show(api.caller(), 'acme/open')).data).toEqual({ repository: null });
  });
});

describe('permissions', () => {
  test('are given to people, robots and teams, changed, listed and taken', async () => {
    await create(alice, { name: 'acme/shared' });
    await alice.graphql('mutation { createRobot(input: { namespace: "acme", name: "puller" }) { robot { id } } }');
    expect((await permit(alice, 'acme/shared', { user: 'bob' })).data).toEqual({
      setRepositoryPermission: {
        permission: {
          role: 'READ',
          repository: { name: 'acme/shared' },
          grantee: { __typename: 'User', username: 'bob' },
        },
      },
    });
    await permit(alice, 'acme/shared', { robot: 'acme+puller' }, 'WRITE');
    await permit(alice, 'acme/shared', { team: 'owners' }, 'ADMIN');
    await permit(alice, 'acme/shared', { user: 'bob' }, 'WRITE');
    const rows =
      'role grantee { __typename ... on User { username } ... on Robot { login } ... on Team { team: name } }';
    const list = `permissions { totalCount nodes { ${rows} } }`;
    const { data } = await show(alice, 'acme/shared', list);
    const { permissions } = data['repository'] as { permissions: { totalCount: number; nodes: unknown[] } };
    expect(permissions.nodes).toContainEqual({ role: 'WRITE', grantee: { __typename: 'User', username: 'bob' } });
    expect(permissions.nodes).toContainEqual({ role: 'WRITE', grantee: { __typename: 'Robot', login: 'acme+puller' } });
    expect(permissions.nodes).toContainEqual({ role: 'ADMIN', grantee: { __typename: 'Team', team: 'owners' } });
    const can = 'pull: viewerCan(action: PULL) push: viewerCan(action: PUSH) administer: viewerCan(action: ADMINISTER)';
    expect((await show(bob, 'acme/shared', can)).data).toEqual({
      repository: { pull: true, push: true, administer: false },
    });
    expect(faults(await show(bob, 'acme/shared', list))).toEqual([['DENIED', undefined]]);
    await forbid(alice, 'acme/shared', { user: 'bob' });
    expect((await show(bob, 'acme/shared')).data).toEqual({ repository: null });
  });

  test('a refusal says which right is missing, and who could give it', async () => {
    await create(alice, { name: 'acme/readable' });
    await permit(alice, 'acme/readable', { user: 'bob' });
    const answer = await permit(bob, 'acme/readable', { user: 'bob' }, 'ADMIN');
    expect(faults(answer)).toEqual([['DENIED', undefined]]);
    expect(answer.errors[0]?.message).toMatch(/it needs admin, bob has read; alice can grant it/);
    expect(answer.text).toContain('"missing":"admin"');
  });

  test.each([
    [{ user: 'nobody' }, 'NOT_FOUND'],
    [{ robot: 'acme+nobody' }, 'NOT_FOUND'],
    [{ robot: 'nonsense' }, 'NOT_FOUND'],
    [{ team: 'nobody' }, 'NOT_FOUND'],
    [{ user: '' }, 'INPUT_INVALID'],
  ])('%j is refused', async (grantee, code) => {
    await create(alice, { name: 'acme/guarded' });
    expect(faults(await permit(alice, 'acme/guarded', grantee as Record<string, string>))).toEqual([[code, 'grantee']]);
  });

  test('two grantees at once, or none, do not fit the schema', async () => {
    for (const grantee of [{ user: 'bob', team: 'owners' }, {}] as Record<string, string>[]) {
      const answer = await permit(alice, 'acme/guarded', grantee);
      expect(answer.status).toBe(400);
      expect(faults(answer)).toEqual([['BAD_USER_INPUT', undefined]]);
    }
  });

  test('taking what was never given is said', async () => {
    expect(faults(await forbid(alice, 'acme/guarded', { user: 'bob' }))).toEqual([['NOT_FOUND', 'grantee']]);
  });
});

describe('lists', () => {
  test('without a filter are one’s own; with a search, what one may see', async () => {
    const carol = await api.signIn({ name: 'carol' });
    await create(carol, { name: 'carol/b-private' });
    await create(carol, { name: 'carol/a-public', visibility: 'PUBLIC' });
    const names = async (caller: Caller, filter: string) => {
      const { data } = await caller.graphql(`{ repositories${filter} { nodes { name } } }`);
      return (data['repositories'] as { nodes: { name: string }[] }).nodes.map(({ name }) => name);
    };
    expect(await names(carol, '')).toEqual(['carol/a-public', 'carol/b-private']);
    expect(await names(bob, '(namespace: "carol")')).toEqual(['carol/a-public']);
    expect(await names(api.caller(), '(search: "CAROL/")')).toEqual(['carol/a-public']);
    expect(await names(carol, '(visibility: PRIVATE)')).toEqual(['carol/b-private']);
    expect(await names(carol, '(orderBy: LAST_PUSHED)')).toEqual(['carol/a-public', 'carol/b-private']);
    expect(await names(bob, '(search: "%")')).toEqual([]);
    expect(await names(bob, '')).not.toContain('carol/a-public');
  });
});

describe('tags', () => {
  const digestOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}` as Digest;

  async function addTag(repository: string, name: string, at: Date): Promise<void> {
    const em = api.database.orm.em.fork();
    const found = await em.findOneOrFail(Repository, { name: repository as never });
    const payload = Buffer.from(JSON.stringify({ name }));
    const manifest = em.create(Manifest, {
      repository: found,
      digest: digestOf(name),
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      payload,
      size: payload.length,
      totalSize: payload.length,
      annotations: {},
    });
    em.create(Tag, { repository: found, name: name as TagName, manifest, pushedBy: 'alice', startedAt: at });
    await em.flush();
  }

  test('come the latest first, or by name, page by page, with what one asks of a tag', async () => {
    await create(alice, { name: 'acme/tagged' });
    for (const [index, name] of ['v1', 'v3', 'v2', 'latest'].entries())
      await addTag('acme/tagged', name, new Date(Date.UTC(2026, 0, 1 + index)));
    const page = async (args: string) => {
      const { data } = await show(
        alice,
        'acme/tagged',
        `tags${args} { totalCount nodes { name } pageInfo { endCursor } }`,
      );
      const { tags } = data['repository'] as {
        tags: { totalCount: number; nodes: { name: string }[]; pageInfo: { endCursor: string } };
      };
      return { names: tags.nodes.map(({ name }) => name), end: tags.pageInfo.endCursor, count: tags.totalCount };
    };
    const first = await page('(first: 3)');
    expect([first.names, first.count]).toEqual([['latest', 'v2', 'v3'], 4]);
    expect((await page(`(first: 3, after: "${first.end}")`)).names).toEqual(['v1']);
    expect((await page('(orderBy: NAME)')).names).toEqual(['latest', 'v1', 'v2', 'v3']);
    expect((await page('(search: "V")')).names).toEqual(['v2', 'v3', 'v1']);
    const { data } = await show(
      alice,
      'acme/tagged',
      'tag(name: "v2") { name digest mediaType size platforms pushedAt pushedBy expiresAt immutable } storedBytes',
    );
    expect(data).toEqual({
      repository: {
        tag: {
          name: 'v2',
          digest: digestOf('v2'),
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          size: 13,
          platforms: [],
          pushedAt: '2026-01-03T00:00:00.000Z',
          pushedBy: 'alice',
          expiresAt: null,
          immutable: false,
        },
        storedBytes: 56,
      },
    });
    expect((await show(alice, 'acme/tagged', 'tag(name: "missing") { name }')).data).toEqual({
      repository: { tag: null },
    });
  });

  test('a cursor of another list is no cursor of this one (G14)', async () => {
    const { data } = await show(alice, 'acme/tagged', 'tags(orderBy: NAME, first: 1) { pageInfo { endCursor } }');
    const { endCursor } = (data['repository'] as { tags: { pageInfo: { endCursor: string } } }).tags.pageInfo;
    const answer = await show(alice, 'acme/tagged', `tags(first: 1, after: "${endCursor}") { totalCount }`);
    expect(faults(answer)).toEqual([['BAD_USER_INPUT', 'after']]);
  });

  test.each(['infinity', '2026-02-30 00:00:00+00', '0000-01-01 00:00:00+00', '9999-99-99 00:00:00+00', 'now', '1'])(
    'a cursor forged with the time %s is no cursor',
    async (time) => {
      const id = '01a20e76-bdf9-73c4-8f70-27cbd5481012';
      const after = Buffer.from(JSON.stringify([time, id])).toString('base64url');
      const answer = await show(alice, 'acme/tagged', `tags(first: 1, after: "${after}") { totalCount }`);
      expect(faults(answer)).toEqual([['BAD_USER_INPUT', 'after']]);
    },
  );
});
