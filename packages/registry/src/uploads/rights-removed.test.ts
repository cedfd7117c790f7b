import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { userPrincipal } from '@escale/domain/credentials';
import { removePermission } from '@escale/domain/repositories';
import { removeTeamMember } from '@escale/domain/teams';
import type { User } from '@escale/schema/entities';
import type { EntityManager } from '@escale/schema/orm';
import { buildOrganization, buildPermission, buildRepository, buildTeam, buildUser } from '@escale/schema/testing';
import { digestOf, imageOf, ociManifest } from '../testing/registry-client.ts';
import { openTestRegistry, type Sent, type TestRegistry } from '../testing/test-registry.ts';

/**
 * A right that is taken away during a push: the next request is refused, at another process than the one that took it, with the
 * credential or with a registry token made before; what was begun leaves nothing that anybody can see.
 */
let registry: TestRegistry;
let other: TestRegistry;
let em: EntityManager;
let owner: User;
let bob: User;
let bobsToken: string;
let counter = 0;

beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'));
  other = await openTestRegistry(inject('databaseServerUrl'), { beside: registry });
  em = registry.database.orm.em.fork();
  owner = await buildUser(em, { name: 'owner' });
  bob = await buildUser(em, { name: 'bob' });
  bobsToken = await registry.applicationToken(bob);
});
afterAll(async () => {
  await other.close();
  await registry.close();
});

const layer = 'a layer that is pushed while something is taken away';
const digest = digestOf(layer);

/** A private repository in which bob may write; and what ends that. */
async function rightsBy(way: 'a membership' | 'a permission'): Promise<{ name: string; end: () => Promise<unknown> }> {
  counter += 1;
  const organization = await buildOrganization(em, { name: `org${String(counter)}`, owner });
  const repository = await buildRepository(em, { namespace: organization.namespace, path: 'app' });
  const { name } = repository;
  const ctx = registry.contextOf(userPrincipal(owner, { kind: 'session', signedInAt: new Date() }));
  if (way === 'a permission') {
    await buildPermission(em, repository, bob, 'write');
    return { name, end: () => removePermission(ctx, { repository: name, grantee: { user: 'bob' } }) };
  }
  const team = await buildTeam(em, { organization, name: 'pushers', members: [bob] });
  await buildPermission(em, repository, team, 'write');
  const membership = { organization: organization.namespace.name, team: 'pushers', member: 'bob' };
  return { name, end: () => removeTeamMember(ctx, membership) };
}

async function authorization(by: 'the credential' | 'a registry token', name: string): Promise<string> {
  if (by === 'the credential') return bobsToken;
  const answer = await other.send('GET', `/v2/auth?service=x&scope=repository:${name}:pull,push`, { as: bobsToken });
  return `Bearer ${((await answer.json()) as { token: string }).token}`;
}

interface Push {
  readonly name: string;
  /** As bob, at the other process. */
  readonly send: (method: string, path: string, options?: Omit<Sent, 'as'>) => Promise<Response>;
  readonly begin: () => Promise<string>;
}

/** What of a push comes before the right ends; the answer is of what comes after. */
const steps: Readonly<Record<string, (push: Push, end: () => Promise<unknown>) => Promise<Response>>> = {
  'the first chunk': async ({ send, begin }, end) => {
    const at = await begin();
    await end();
    return send('PATCH', at, { body: layer });
  },
  'the end of an upload': async ({ send, begin }, end) => {
    const at = await begin();
    expect((await send('PATCH', at, { body: layer })).status).toBe(202);
    await end();
    return send('PUT', `${at}?digest=${digest}`);
  },
  'the end of an upload whose chunk was on its way': async ({ send, begin }, end) => {
    const at = await begin();
    let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
    const body = new ReadableStream<Uint8Array>({ start: (given) => void (controller = given) });
    const patch = send('PATCH', at, { body });
    controller?.enqueue(Buffer.from(layer.slice(0, 10)));
    await end();
    controller?.enqueue(Buffer.from(layer.slice(10)));
    controller?.close();
    expect((await patch).status).toBeLessThan(500);
    return send('PUT', `${at}?digest=${digest}`);
  },
  'a manifest': async ({ name, send, begin }, end) => {
    for (const content of [layer, '{}']) {
      const put = await send('PUT', `${await begin()}?digest=${digestOf(content)}`, { body: content });
      expect(put.status).toBe(201);
    }
    await end();
    const headers = { 'Content-Type': ociManifest };
    return send('PUT', `/v2/${name}/manifests/v1`, { headers, body: imageOf([layer]) });
  },
};

/** How many rows show what a push has made. */
async function visible(name: string, includingBlobs: boolean): Promise<number> {
  const [row] = await registry.database.orm.em.getConnection().execute<{ count: string }[]>(
    `select (select count(*) from tags t where t.repository_id = r.id) + (select count(*) from manifests m where m.repository_id = r.id)
       ${includingBlobs ? '+ (select count(*) from repository_blobs b where b.repository_id = r.id)' : ''} as count
       from repositories r where r.name = ?`,
    [name],
  );
  return Number(row?.count);
}

describe.each(['a membership', 'a permission'] as const)('when %s ends during a push', (way) => {
  describe.each(['the credential', 'a registry token'] as const)('with %s', (by) => {
    test.each(Object.entries(steps))('%s is refused', async (step, run) => {
      const { name, end } = await rightsBy(way);
      const as = await authorization(by, name);
      const send: Push['send'] = (method, path, options) => other.send(method, path, { as, ...options });
      const begin = async () => {
        const answer = await send('POST', `/v2/${name}/blobs/uploads/`);
        expect(answer.status).toBe(202);
        return new URL(answer.headers.get('location') ?? '', other.url).pathname;
      };
      const refused = await run({ name, send, begin }, end);
      expect([401, 403, 404]).toContain(refused.status);
      expect(await refused.json()).toMatchObject({
        errors: [
          { code: expect.stringMatching(/^(?:UNAUTHORIZED|DENIED|NAME_UNKNOWN|BLOB_UPLOAD_UNKNOWN)$/) as string },
        ],
      });
      expect(await visible(name, step !== 'a manifest')).toBe(0);
      // Nor does what was begun stand in anybody's way.
      const again = await registry.send('POST', `/v2/${name}/blobs/uploads/?digest=${digest}`, {
        as: await registry.applicationToken(owner),
        body: layer,
      });
      expect(again.status).toBe(201);
    });
  });
});
