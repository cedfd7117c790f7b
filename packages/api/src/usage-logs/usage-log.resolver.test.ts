import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApi, type Answer, type Caller, type TestApi } from '../testing/test-api.ts';

let api: TestApi;
let alice: Caller;
let bob: Caller;
let admin: Caller;
beforeAll(async () => {
  api = await startTestApi();
  alice = await api.signIn({ name: 'alice' });
  bob = await api.signIn({ name: 'bob' });
  admin = await api.signIn({ name: 'boss', groups: ['/escale-admins'] });
  await alice.graphql('mutation { createOrganization(input: { name: "acme" }) { organization { id } } }');
  for (const name of ['acme/one', 'acme/two', 'acme/three'])
    await alice.graphql('mutation($name: String!) { createRepository(input: { name: $name }) { repository { id } } }', {
      name,
    });
});
afterAll(() => api.close());

const codes = ({ errors }: Answer) => errors.map(({ extensions }) => [extensions.code, extensions.field]);
const fields = 'kind at performer performerKind repository authenticatedBy clientAddress userAgent details';
const log = (caller: Caller, args: string) =>
  caller.graphql(
    `{ organization(name: "acme") { usageLog${args} { totalCount pageInfo { hasNextPage endCursor } nodes { ${fields} } } } }`,
  );
const nodes = ({ data }: Answer) =>
  (data['organization'] as { usageLog: { nodes: Record<string, unknown>[] } }).usageLog.nodes;

describe('the usage log', () => {
  test('says who did what with which credential from where, the newest first, page by page', async () => {
    const first = await log(alice, '(first: 2)');
    expect(nodes(first).map(({ repository }) => repository)).toEqual(['acme/three', 'acme/two']);
    expect(nodes(first)[0]).toMatchObject({
      kind: 'repository.created',
      performer: 'alice',
      performerKind: 'user',
      authenticatedBy: 'session',
      clientAddress: expect.stringMatching(/^(127\.0\.0\.1|::1)$/),
      details: { visibility: 'private' },
    });
    const { usageLog } = first.data['organization'] as {
      usageLog: { totalCount: number; pageInfo: { endCursor: string } };
    };
    expect(usageLog.totalCount).toBe(4);
    const rest = await log(alice, `(first: 2, after: "${usageLog.pageInfo.endCursor}")`);
    expect(nodes(rest).map(({ kind }) => kind)).toEqual(['repository.created', 'organization.created']);
  });

  test('is filtered by time, kind and performer', async () => {
    expect(nodes(await log(alice, '(kinds: ["organization.created"])'))).toHaveLength(1);
    expect(nodes(await log(alice, '(performer: "bob")'))).toHaveLength(0);
    expect(nodes(await log(alice, '(to: "2020-01-01T00:00:00Z")'))).toHaveLength(0);
    expect(nodes(await log(alice, '(from: "2020-01-01T00:00:00Z")'))).toHaveLength(4);
    expect(nodes(await log(alice, '(kinds: [])'))).toHaveLength(0);
    expect(codes(await log(alice, '(kinds: ["nonsense"])'))).toEqual([['INPUT_INVALID', 'kinds']]);
    expect(codes(await log(alice, '(from: "2021-01-01T00:00:00Z", to: "2020-01-01T00:00:00Z")'))).toEqual([
      ['INPUT_INVALID', 'from'],
    ]);
  });

  test('is for admins: of the namespace, of the repository, of oneself, and administrators for all', async () => {
    expect(codes(await log(bob, ''))).toEqual([['DENIED', undefined]]);
    expect(nodes(await log(admin, ''))).toHaveLength(4);
    const own = await bob.graphql('{ viewer { usageLog { nodes { kind } } } }');
    expect(own.errors).toEqual([]);
    expect(codes(await bob.graphql('{ user(username: "alice") { usageLog { nodes { kind } } } }'))).toEqual([
      ['DENIED', undefined],
    ]);
    const repository = '{ repository(name: "acme/one") { usageLog { nodes { kind } } } }';
    expect((await alice.graphql(repository)).data).toEqual({
      repository: { usageLog: { nodes: [{ kind: 'repository.created' }] } },
    });
    expect(codes(await alice.graphql('{ usageLog { totalCount } }'))).toEqual([['DENIED', undefined]]);
    expect(codes(await api.caller().graphql('{ usageLog { totalCount } }'))).toEqual([['UNAUTHORIZED', undefined]]);
    const all = await admin.graphql('{ usageLog { nodes { namespace } } usageLogCounts { count } }');
    expect(all.errors).toEqual([]);
    const narrowed = await admin.graphql(
      '{ usageLogCounts(namespace: "acme") { count } none: usageLogCounts(namespace: "acm") { count } }',
    );
    const { organization } = (await alice.graphql('{ organization(name: "acme") { usageLogCounts { count } } }'))
      .data as { organization: { usageLogCounts: object[] } };
    expect(narrowed.data).toEqual({ usageLogCounts: organization.usageLogCounts, none: [] });
  });

  test('is counted per day and kind', async () => {
    const { data } = await alice.graphql('{ organization(name: "acme") { usageLogCounts { day kind count } } }');
    const today = `${new Date().toISOString().slice(0, 10)}T00:00:00.000Z`;
    expect(data).toEqual({
      organization: {
        usageLogCounts: [
          { day: today, kind: 'organization.created', count: 1 },
          { day: today, kind: 'repository.created', count: 3 },
        ],
      },
    });
    const wide = await alice.graphql(
      '{ organization(name: "acme") { usageLogCounts(from: "2020-01-01T00:00:00Z") { count } } }',
    );
    expect(codes(wide)).toEqual([['INPUT_INVALID', 'from']]);
  });
});

describe('an export', () => {
  const request = (caller: Caller, input: Record<string, unknown>) =>
    caller.graphql(
      'mutation($input: ExportUsageLogInput!) { exportUsageLog(input: $input) { export { id state format } } }',
      { input },
    );

  /** Asks until the background job has written it. */
  async function ready(caller: Caller, answer: Answer): Promise<string> {
    const { export: asked } = answer.data['exportUsageLog'] as { export: { id: string } };
    for (;;) {
      const { data } = await caller.graphql('query($id: ID!) { usageLogExport(id: $id) { state url entries } }', asked);
      const { state, url } = data['usageLogExport'] as { state: string; url: string | null };
      if (state === 'READY' && url) return url.slice(api.url.length);
      if (state === 'FAILED') throw new Error('the export failed');
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  test('of a time to come is refused, before a job fails on it', async () => {
    for (const to of [undefined, null, '2999-02-01T00:00:00Z']) {
      const refused = await request(alice, { namespace: 'acme', from: '2999-01-01T00:00:00Z', to });
      expect(codes(refused)).toEqual([['INPUT_INVALID', 'from']]);
    }
  });

  test('is one JSON object a line, oldest first, behind a link', async () => {
    const link = await ready(alice, await request(alice, { namespace: 'acme', kinds: ['repository.created'] }));
    const answer = await api.caller().fetch(link);
    expect(answer.status).toBe(200);
    expect(answer.headers.get('content-disposition')).toMatch(/attachment; filename="usage-log-.*\.jsonl"/);
    const lines = (await answer.text()).trimEnd().split('\n');
    const repositories = lines.map((line) => (JSON.parse(line) as { repository: string }).repository);
    expect(repositories).toEqual(['acme/one', 'acme/two', 'acme/three']);
  });

  test('as CSV has a header and cells that no spreadsheet runs (T26)', async () => {
    await alice.graphql(
      'mutation { createRobot(input: { namespace: "acme", name: "ci" }) { robot { id } } }',
      {},
      { 'user-agent': '=HYPERLINK("http://evil.example")' },
    );
    const link = await ready(
      alice,
      await request(alice, { namespace: 'acme', kinds: ['robot.created'], format: 'CSV' }),
    );
    const text = await (await api.caller().fetch(link)).text();
    const [header, line] = text.split('\r\n');
    expect(header).toMatch(/^id,at,kind,namespace,/);
    expect(line).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
  });

  test('is refused to who may not read the log; another’s looks like none, and a wrong key opens nothing (T5)', async () => {
    expect(codes(await request(bob, { namespace: 'acme' }))).toEqual([['DENIED', undefined]]);
    expect(codes(await request(alice, {}))).toEqual([['DENIED', undefined]]);
    expect(codes(await request(alice, { namespace: 'alice', repository: 'acme/one' }))).toEqual([
      ['INPUT_INVALID', 'repository'],
    ]);
    const asked = await request(alice, { namespace: 'acme' });
    const { export: found } = asked.data['exportUsageLog'] as { export: { id: string } };
    const ask = (id: string) => bob.graphql('query($id: ID!) { usageLogExport(id: $id) { state } }', { id });
    const foreign = await ask(found.id);
    expect(codes(foreign)).toEqual([['NOT_FOUND', 'id']]);
    expect(foreign.text).toBe((await ask('0199f3c4-5e6f-7a8b-9c0d-1e2f3a4b5c6d')).text);
    const link = await ready(alice, asked);
    expect((await api.caller().fetch(link.replace(/key=.*/, 'key=AAAA'))).status).toBe(404);
    expect((await api.caller().fetch(link)).status).toBe(200);
  });

  test('is closed again when its requester may not read the log any more', async () => {
    const carol = await api.signIn({ name: 'carol' });
    const link = await ready(carol, await request(carol, { namespace: 'carol' }));
    await admin.graphql('mutation { disableUser(input: { username: "carol" }) { user { disabledAt } } }');
    expect((await api.caller().fetch(link)).status).toBe(401);
  });
});

test('an organization says for how long its log is kept', async () => {
  const set = (caller: Caller, days: number | null) =>
    caller.graphql(
      'mutation($days: Int) { setUsageLogRetention(input: { organization: "acme", days: $days }) { organization { usageLogRetentionDays } } }',
      { days },
    );
  expect((await set(alice, 30)).data).toEqual({
    setUsageLogRetention: { organization: { usageLogRetentionDays: 30 } },
  });
  expect(codes(await set(bob, 1))).toEqual([['DENIED', undefined]]);
  expect(codes(await set(alice, 0))).toEqual([['INPUT_INVALID', 'days']]);
});
