import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { buildOrganization, buildUser } from '@escale/schema/testing';
import { clientOf, digestOf, type RegistryClient } from '../testing/registry-client.ts';
import { openTestRegistry, type TestRegistry } from '../testing/test-registry.ts';

let registry: TestRegistry;
let alice: RegistryClient;
let oscar: RegistryClient;
let aliceBasic: string;
beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'));
  const em = registry.database.orm.em.fork();
  const owner = await buildUser(em, { name: 'alice' });
  await buildOrganization(em, { name: 'acme', owner });
  aliceBasic = await registry.applicationToken(owner);
  alice = clientOf(registry, aliceBasic);
  oscar = clientOf(registry, await registry.applicationToken(await buildUser(em, { name: 'oscar' })));
});
afterAll(() => registry.close());

const mount = (client: RegistryClient, target: string, query: string) =>
  client.send('POST', `/v2/${target}/blobs/uploads/?${query}`);
const has = async (client: RegistryClient, repository: string, digest: string) =>
  (await client.send('HEAD', `/v2/${repository}/blobs/${digest}`)).status === 200;

/** Somebody with a registry token for exactly these scopes. */
async function withScopes(...scopes: string[]): Promise<RegistryClient> {
  const query = scopes.map((scope) => `scope=${encodeURIComponent(scope)}`).join('&');
  const { text } = await alice.send('GET', `/v2/auth?${query}`);
  return clientOf(registry, `Bearer ${(JSON.parse(text) as { token: string }).token}`);
}

/** What an answer says, without what differs from one upload to the next. */
const likeness = ({ status, headers, text }: Awaited<ReturnType<typeof mount>>) => {
  const said = Object.fromEntries(headers);
  for (const name of ['date', 'x-request-id']) delete said[name];
  return JSON.stringify([status, said, text]).replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}/g, 'ID');
};

describe('from a repository that is named', () => {
  test('what may be pulled is linked without being sent', async () => {
    const digest = await alice.pushBlob('acme/source', 'mount me');
    const answer = await mount(alice, 'acme/target', `mount=${digest}&from=acme/source`);
    expect([answer.status, answer.headers.get('location'), answer.headers.get('docker-content-digest')]).toEqual([
      201,
      `/v2/acme/target/blobs/${digest}`,
      digest,
    ]);
    expect(await has(alice, 'acme/target', digest)).toBe(true);
  });

  test('private without a right, missing, not a name, or without the blob: the same 202 (R20, T8)', async () => {
    const digest = await alice.pushBlob('acme/source', 'not for everybody');
    const answers = [];
    for (const query of [
      `mount=${digest}&from=acme/source`,
      `mount=${digest}&from=acme/absent`,
      `mount=${digest}&from=Not%20a%20Name`,
      `mount=${digestOf('nowhere')}&from=oscar/own`,
    ])
      answers.push(await mount(oscar, 'oscar/own', query));
    expect(answers[0]?.status).toBe(202);
    expect(new Set(answers.map(likeness)).size).toBe(1);
    expect(await has(oscar, 'oscar/own', digest)).toBe(false);
  });

  test('a token that does not cover the source is asked to: the challenge names both', async () => {
    const digest = await alice.pushBlob('acme/source', 'covered?');
    await alice.pushBlob('acme/narrow', 'so that it exists');
    const narrow = await withScopes('repository:acme/narrow:pull,push');
    const refused = await mount(narrow, 'acme/narrow', `mount=${digest}&from=acme/source`);
    const scope = 'repository:acme/narrow:pull,push repository:acme/source:pull';
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining(`scope="${scope}",error="insufficient_scope"`),
    ]);
    const wide = await withScopes(scope);
    expect((await mount(wide, 'acme/narrow', `mount=${digest}&from=acme/source`)).status).toBe(201);
  });
});

describe('without a source', () => {
  test.each(['sha256', 'sha512'] as const)('any repository that may be pulled will do (%s)', async (algorithm) => {
    const digest = await alice.pushBlob('acme/somewhere', `anywhere ${algorithm}`, algorithm);
    expect((await mount(alice, 'alice/own', `mount=${digest}`)).status).toBe(201);
    expect(await has(alice, 'alice/own', digest)).toBe(true);
  });

  test('a blob in repositories of others alone, and one that is nowhere: the same 202 (R21)', async () => {
    const digest = await alice.pushBlob('acme/source', 'only of acme');
    const answers = [
      await mount(oscar, 'oscar/own', `mount=${digest}`),
      await mount(oscar, 'oscar/own', `mount=${digestOf('nowhere at all')}`),
    ];
    expect(answers[0]?.status).toBe(202);
    expect(new Set(answers.map(likeness)).size).toBe(1);
    expect(await has(oscar, 'oscar/own', digest)).toBe(false);
  });

  test('a public repository is one that anybody may pull', async () => {
    const digest = await alice.pushBlob('acme/public', 'for everybody');
    await registry.database.orm.em
      .getConnection()
      .execute(`update repositories set visibility = 'public' where name = 'acme/public'`);
    expect((await mount(oscar, 'oscar/own', `mount=${digest}`)).status).toBe(201);
  });

  test('a token reaches no further than it says, unless it says mount (T2)', async () => {
    const digest = await alice.pushBlob('acme/source', 'beyond the token');
    await alice.pushBlob('acme/narrow', 'so that it exists');
    const narrow = await withScopes('repository:acme/narrow:pull,push');
    const refused = await mount(narrow, 'acme/narrow', `mount=${digest}`);
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('scope="repository:acme/narrow:pull,push,mount"'),
    ]);
    expect(await has(alice, 'acme/narrow', digest)).toBe(false);
    expect((await mount(narrow, 'acme/narrow', `mount=${digestOf('nowhere to be found')}`)).status).toBe(202);
    const within = await withScopes('repository:acme/narrow:pull,push', 'repository:acme/source:pull');
    expect((await mount(within, 'acme/narrow', `mount=${digest}`)).status).toBe(201);
    const saying = await withScopes('repository:acme/other:pull,push,mount');
    expect((await mount(saying, 'acme/other', `mount=${digest}`)).status).toBe(201);
  });
});

test('a first push with a token for reading is asked for one that covers it', async () => {
  const reading = await withScopes('repository:acme/brand-new:pull');
  const refused = await reading.send('POST', '/v2/acme/brand-new/blobs/uploads/');
  expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([
    401,
    expect.stringContaining('scope="repository:acme/brand-new:pull,push",error="insufficient_scope"'),
  ]);
});
