import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Repository, Session, User } from '@escale/schema/entities';
import type { RepositoryName } from '@escale/schema/values';
import type { Context } from '@escale/domain/context';
import { announceUpload, defaultUploadLimits, openUpload } from '@escale/domain/uploads';
import { readAnswer, startTestApi, type Caller, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let alice: Caller;
let bob: Caller;
beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice' });
  bob = await api.signIn({ name: 'bob' });
  await alice.graphql('mutation { createOrganization(input: { name: "acme" }) { organization { id } } }');
  await createRepository('acme/app');
});
afterAll(() => api.close());

const createRepository = (name: string) =>
  alice.graphql('mutation($name: String!) { createRepository(input: { name: $name }) { repository { id } } }', {
    name,
  });
const grant = (repository: string, role: string) =>
  alice.graphql(
    `mutation($r: String!) { setRepositoryPermission(input: { repository: $r, grantee: { user: "bob" }, role: ${role} }) { permission { role } } }`,
    { r: repository },
  );
const followLog = (caller: Caller, headers = {}) =>
  caller.follow('subscription { usageLog(namespace: "acme") { kind repository performer } }', {}, headers);
const activity = `subscription($r: String!) { repositoryActivity(repository: $r) { kind tag upload { id receivedBytes } } }`;

describe('a usage log that is followed', () => {
  test('brings each entry as it is written, of this namespace alone', async () => {
    const log = await followLog(alice);
    expect(log.status).toBe(200);
    expect(log.headers.get('content-type')).toContain('text/event-stream');
    await createRepository('alice/elsewhere');
    await createRepository('acme/seen');
    expect(await log.next()).toEqual({
      data: { usageLog: { kind: 'repository.created', repository: 'acme/seen', performer: 'alice' } },
      errors: [],
    });
    await log.stop();
  });

  test('is refused to who may not read it, in the stream', async () => {
    const log = await followLog(bob);
    const refused = await log.next();
    expect(refused?.errors[0]?.extensions.code).toBe('DENIED');
    expect(await log.next()).toBeUndefined();
  });

  test.each(['nobody-has-this', ''])(
    'is refused to an administrator for the name "%s", which nobody has',
    async (name) => {
      const boss = await api.signIn({ name: 'boss', groups: ['/escale-admins'] });
      const log = await boss.follow('subscription($n: String!) { usageLog(namespace: $n) { kind } }', { n: name });
      expect((await log.next())?.errors[0]?.extensions.code).toBe('NOT_FOUND');
      expect(await log.next()).toBeUndefined();
    },
  );

  test('ends when the session behind it ends', async () => {
    const carol = await api.signIn({ name: 'carol' });
    const log = await carol.follow('subscription { usageLog(namespace: "carol") { kind } }');
    const em = api.database.orm.em.fork();
    const user = await em.findOneOrFail(User, { namespace: { name: 'carol' } });
    await em.nativeDelete(Session, { user: user.id });
    // The announcement of the sign-in may be on its way yet.
    let last = await log.next();
    while (last?.errors.length === 0) last = await log.next();
    expect(last?.errors[0]?.extensions.code).toBe('UNAUTHORIZED');
    expect(await log.next()).toBeUndefined();
  });
});

describe('the activity of a repository', () => {
  test('is for those who see it: tags without who moved them, and uploads', async () => {
    await grant('acme/app', 'READ');
    const events = await bob.follow(activity, { r: 'acme/app' });
    const em = api.database.orm.em.fork();
    const repository = await em.findOneOrFail(Repository, { name: 'acme/app' as RepositoryName });
    const uploader = { kind: 'system', name: 'test' } as const;
    const ctx: Context = { em, principal: uploader, now: new Date(), vault: api.vault, client: {} };
    const uploadId = await openUpload(
      ctx,
      defaultUploadLimits,
      { id: repository.id, namespaceId: repository.namespace.id },
      'sha256',
    );
    await announceUpload({ em }, { uploadId, bytes: 5_000_000_000 });
    expect((await events.next())?.data).toEqual({
      repositoryActivity: {
        kind: 'UPLOAD_PROGRESS',
        tag: null,
        upload: { id: uploadId, receivedBytes: 5_000_000_000 },
      },
    });
    await api.database.orm.em.getConnection().execute(
      `insert into usage_log_entries (id, kind, at, namespace, repository, performer_kind, performer, tag)
         values (gen_random_uuid(), 'repository.pushed', now(), 'acme', 'acme/app', 'user', 'alice', 'v1')`,
    );
    expect((await events.next())?.data).toEqual({ repositoryActivity: { kind: 'TAG_SET', tag: 'v1', upload: null } });
    await events.stop();
  });

  test('a private repository and one that does not exist are refused alike', async () => {
    await createRepository('acme/hidden');
    const answers = await Promise.all(
      ['acme/hidden', 'acme/missing'].map(async (r) => {
        const events = await bob.follow(activity, { r });
        return JSON.stringify(await events.next()).replaceAll(r, '');
      }),
    );
    expect(answers[0]).toContain('NAME_UNKNOWN');
    expect(answers[0]).toBe(answers[1]);
  });
});

describe('what may come in', () => {
  test('a cookie needs the header and the origin of our own pages, as for a post', async () => {
    expect((await followLog(alice, { origin: 'https://evil.example' })).status).toBe(403);
    expect((await followLog(alice, { 'x-escale-csrf': '' })).status).toBe(403);
  });

  test('who takes events after JSON is answered in JSON', async () => {
    const answer = await alice.fetch('/graphql', {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'application/graphql-response+json, application/json, text/event-stream, multipart/mixed',
        'x-escale-csrf': '1',
      },
      body: JSON.stringify({ query: '{ viewer { username } }' }),
    });
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-type')).toContain('json');
  });

  test('a subscription that wants JSON is told how to ask', async () => {
    for (const accept of ['application/json', '*/*', 'application/json, text/event-stream']) {
      const answer = await alice.fetch('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept, 'x-escale-csrf': '1' },
        body: JSON.stringify({ query: 'subscription { usageLog(namespace: "alice") { kind } }' }),
      });
      expect([answer.status, await answer.json()]).toEqual([
        406,
        {
          errors: [
            expect.objectContaining({
              message: expect.stringContaining('Accept: text/event-stream') as string,
              extensions: { code: 'BAD_REQUEST' },
            }),
          ],
        },
      ]);
    }
  });

  test('GET with an Accept of text/event-stream follows too', async () => {
    const query = encodeURIComponent('subscription { usageLog(namespace: "alice") { kind } }');
    const get = (headers: Record<string, string>) => alice.fetch(`/graphql?query=${query}`, { headers });
    expect((await get({ accept: 'text/event-stream' })).status).toBe(403);
    const answer = await get({ accept: 'text/event-stream', 'x-escale-csrf': '1' });
    expect(answer.status).toBe(200);
    await answer.body?.cancel();
  });

  test.each([
    ['{ viewer { id } }', 'BAD_REQUEST'],
    ['subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['subscription {', 'GRAPHQL_PARSE_FAILED'],
    [
      'subscription { usageLog(namespace: "a") { kind } repositoryActivity(repository: "a/b") { kind } }',
      'GRAPHQL_VALIDATION_FAILED',
    ],
  ])('%s is refused', async (query, code) => {
    const answer = await readAnswer(
      await alice.fetch('/graphql', {
        method: 'POST',
        headers: { 'content-type': 'application/json', accept: 'text/event-stream', 'x-escale-csrf': '1' },
        body: JSON.stringify({ query }),
      }),
    );
    expect(answer.status).toBe(400);
    expect(answer.errors.map(({ extensions }) => extensions.code)).toEqual([code]);
  });
});
