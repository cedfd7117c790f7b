import { SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Organization } from '@escale/schema/entities';
import { Repository, Robot } from '@escale/schema/entities';
import { buildOrganization, buildPermission, buildUser } from '@escale/schema/testing';
import type { RepositoryName } from '@escale/schema/values';
import type { endpoints } from '../routing/endpoints.ts';
import { clientOf, digestOf } from '../testing/registry-client.ts';
import { openTestRegistry, type TestRegistry } from '../testing/test-registry.ts';
import { SigningKeys } from '../token/signing-keys.ts';

/**
 * Who is answered what, for every endpoint, on a public repository, on a private one and on a name that nobody has: the
 * existence policy (docs/guarantees.md, T1, T27). Private and missing are compared byte for byte.
 */
type Place = 'public' | 'private' | 'missing';
const names: Record<Place, string> = { public: 'acme/open', private: 'acme/shut', missing: 'acme/none' };

/** What an endpoint does to a repository decides who may; requests are made so that who may gets past the check. */
interface Route {
  readonly act: 'pull' | 'push' | 'delete' | 'none';
  readonly method: string;
  path(repository: string): string;
  readonly body?: string;
  readonly type?: string;
}

const digest = digestOf('nothing here');
const upload = '00000000-0000-4000-8000-000000000000';
const on = (rest: string) => (repository: string) => `/v2/${repository}/${rest}`;

/** A row for each endpoint, and for each method of it: what the table of endpoints gains, this must gain too. */
const routes: { readonly [Kind in keyof typeof endpoints]: readonly Route[] } = {
  ping: [{ act: 'none', method: 'GET', path: () => '/v2/' }],
  token: [
    { act: 'none', method: 'GET', path: (repository) => `/v2/auth?scope=repository:${repository}:pull` },
    {
      act: 'none',
      method: 'POST',
      path: () => '/v2/auth',
      body: 'grant_type=password',
      type: 'application/x-www-form-urlencoded',
    },
  ],
  catalog: [{ act: 'none', method: 'GET', path: () => '/v2/_catalog' }],
  getBlob: ['GET', 'HEAD'].map((method) => ({ act: 'pull', method, path: on(`blobs/${digest}`) })),
  getManifest: ['GET', 'HEAD'].flatMap((method) =>
    ['absent', digest].map((reference) => ({ act: 'pull' as const, method, path: on(`manifests/${reference}`) })),
  ),
  listTags: [{ act: 'pull', method: 'GET', path: on('tags/list') }],
  listReferrers: [{ act: 'pull', method: 'GET', path: on(`referrers/${digest}`) }],
  startUpload: [{ act: 'push', method: 'POST', path: on('blobs/uploads/') }],
  mountBlob: [{ act: 'push', method: 'POST', path: on(`blobs/uploads/?mount=${digest}&from=acme/open`) }],
  appendChunk: [{ act: 'push', method: 'PATCH', path: on(`blobs/uploads/${upload}`), body: 'x' }],
  completeUpload: [{ act: 'push', method: 'PUT', path: on(`blobs/uploads/${upload}?digest=${digest}`) }],
  uploadStatus: [{ act: 'push', method: 'GET', path: on(`blobs/uploads/${upload}`) }],
  cancelUpload: [{ act: 'push', method: 'DELETE', path: on(`blobs/uploads/${upload}`) }],
  putManifest: [
    {
      act: 'push',
      method: 'PUT',
      path: on('manifests/new'),
      body: '{}',
      type: 'application/vnd.oci.image.manifest.v1+json',
    },
  ],
  deleteManifest: ['absent', digest].map((reference) => ({
    act: 'delete',
    method: 'DELETE',
    path: on(`manifests/${reference}`),
  })),
  deleteBlob: [{ act: 'delete', method: 'DELETE', path: on(`blobs/${digest}`) }],
};

/** Callers, and what they have: `null` for a credential that does not hold. Robots and people by Basic and by Bearer. */
const roles = {
  anonymous: undefined,
  'an invalid token': null,
  'an expired token': null,
  'somebody without a right': undefined,
  'a reader': 'read',
  'a writer': 'write',
  'an administrator of the repository': 'admin',
  'a robot that reads': 'read',
  'a robot that writes': 'write',
  'an administrator of the registry': 'admin',
  'a reader’s token': 'read',
  'a writer’s token for the public repository alone': 'elsewhere',
} as const;
type Caller = keyof typeof roles;
const headers: Partial<Record<Caller, string>> = {};

let registry: TestRegistry;

beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'));
  const em = registry.database.orm.em.fork();
  const owner = await buildUser(em, { name: 'owner' });
  const acme = await buildOrganization(em, { name: 'acme', owner });
  const client = clientOf(registry, await registry.applicationToken(owner));
  for (const place of ['public', 'private'] as const) await client.pushImage(names[place], 'latest');
  const [open, shut] = await Promise.all(
    [names.public, names.private].map((name) => em.findOneOrFail(Repository, { name: name as RepositoryName })),
  );
  if (!open || !shut) throw new Error('the repositories were pushed');
  open.visibility = 'public';
  await em.flush();
  await buildCallers(acme, owner, [open, shut]);
});
afterAll(() => registry.close());

async function buildCallers(acme: Organization, owner: Awaited<ReturnType<typeof buildUser>>, on: Repository[]) {
  const em = registry.database.orm.em.fork();
  const person = async (caller: Caller, role?: 'read' | 'write' | 'admin') => {
    const user = await buildUser(em);
    if (role) for (const repository of on) await buildPermission(em, repository, user, role);
    return (headers[caller] = await registry.applicationToken(user));
  };
  await person('somebody without a right');
  const reader = await person('a reader', 'read');
  const writer = await person('a writer', 'write');
  await person('an administrator of the repository', 'admin');
  headers['an administrator of the registry'] = await registry.applicationToken(
    await buildUser(em, { isAdministrator: true }),
  );
  for (const [caller, role] of [
    ['a robot that reads', 'read'],
    ['a robot that writes', 'write'],
  ] as const) {
    headers[caller] = await registry.robotToken(owner, acme.name, role);
    const robot = await em.findOneOrFail(Robot, { name: role });
    for (const repository of on) await buildPermission(em, repository, robot, role);
  }
  const token = async (as: string, scopes: string[]) => {
    const answer = await registry.send('GET', `/v2/auth?${scopes.map((scope) => `scope=${scope}`).join('&')}`, { as });
    return `Bearer ${((await answer.json()) as { token: string }).token}`;
  };
  const all = Object.values(names).map((name) => `repository:${name}:pull,push,delete`);
  headers['a reader’s token'] = await token(reader, [...all, 'registry:catalog:*']);
  headers['a writer’s token for the public repository alone'] = await token(writer, all.slice(0, 1));
  headers['an invalid token'] = 'Bearer nonsense';
  headers['an expired token'] = `Bearer ${await expired(headers['a reader’s token'])}`;
}

/** The same token, signed by the same key, of an hour ago. */
async function expired(bearer: string): Promise<string> {
  const keys = new SigningKeys(registry.database.orm, registry.contextOf({ kind: 'anonymous' }).vault);
  const { id: kid, key } = await keys.signing();
  const payload = JSON.parse(Buffer.from(bearer.split('.')[1] ?? '', 'base64url').toString()) as { iat: number };
  const then = payload.iat - 3600;
  return new SignJWT({ ...payload, iat: then, nbf: then, exp: then + 300 })
    .setProtectedHeader({ alg: 'ES256', kid, typ: 'registry+jwt' })
    .sign(key);
}

/** Endpoints that make the repository of a first push: they alone speak of creating it. */
const creating = new Set(['startUpload', 'mountBlob', 'putManifest']);

/** The status that the policy gives, or `served` when the request gets past the check. */
function expected(caller: Caller, kind: string, { act }: Route, place: Place): number | 'served' {
  const role = roles[caller];
  if (role === null) return 401;
  if (role === 'elsewhere')
    return place === 'public' ? 'served' : place === 'private' ? 401 : creating.has(kind) ? 403 : 404;
  const visible = place === 'missing' ? undefined : (role ?? (place === 'public' ? 'read' : undefined));
  const may = act === 'pull' ? visible !== undefined : visible === 'write' || visible === 'admin';
  if (may) return 'served';
  // A registry administrator may create what is missing; who may sees the referrers that a push would find: none.
  if (place === 'missing' && caller === 'an administrator of the registry')
    return creating.has(kind) || kind === 'listReferrers' ? 'served' : 404;
  if (caller === 'anonymous') return 401;
  return visible !== undefined || creating.has(kind) ? 403 : 404;
}

async function ask(
  caller: Caller,
  route: Route,
  name: string,
): Promise<{ status: number; code: string; bytes: string }> {
  const as = headers[caller];
  const answer = await registry.send(route.method, route.path(name), {
    ...(as !== undefined && { as }),
    ...(route.body !== undefined && { body: route.body }),
    ...(route.type !== undefined && { headers: { 'Content-Type': route.type } }),
  });
  const text = await answer.text();
  const lines = [...answer.headers].filter(([header]) => header !== 'date' && header !== 'x-request-id');
  const code = /"code":"([A-Z_]+)"/.exec(text)?.[1] ?? '';
  // The name that the caller sent may come back; nothing else may differ.
  const bytes = `${String(answer.status)}\n${lines.map((line) => line.join(': ')).join('\n')}\n\n${text}`.replaceAll(
    name,
    'NAME',
  );
  return { status: answer.status, code, bytes };
}

const codeOf = { 401: 'UNAUTHORIZED', 403: 'DENIED', 404: 'NAME_UNKNOWN' } as Record<number, string>;
const everyRoute = Object.entries(routes).flatMap(([kind, rows]) => rows.map((row) => ({ kind, row })));
let cells = 0;

describe.each(Object.keys(roles) as Caller[])('%s', (caller) => {
  test.each(everyRoute.filter(({ row }) => row.act !== 'none'))('$row.method $kind', async ({ kind, row }) => {
    const answers: Partial<Record<Place, Awaited<ReturnType<typeof ask>>>> = {};
    // What an administrator may create is not asked for: it would exist from then on.
    for (const place of ['private', 'missing', 'public'] as const) {
      if (place === 'missing' && expected(caller, kind, row, place) === 'served') continue;
      const answer = (answers[place] = await ask(caller, row, names[place]));
      const due = expected(caller, kind, row, place);
      cells += 1;
      if (due === 'served') {
        expect([401, 403], `${kind} on ${place}: ${answer.bytes}`).not.toContain(answer.status);
        expect(answer.code).not.toBe('NAME_UNKNOWN');
      } else {
        const code = row.method === 'HEAD' ? '' : codeOf[due];
        expect([answer.status, answer.code], `${kind} on ${place}: ${answer.bytes}`).toEqual([due, code]);
      }
    }
    const hidden = roles[caller] === undefined || roles[caller] === null;
    if (hidden) expect(answers.private?.bytes).toBe(answers.missing?.bytes);
  });

  test.each(everyRoute.filter(({ row }) => row.act === 'none'))(
    '$row.method $kind says nothing of repositories',
    async ({ kind, row }) => {
      const [hidden, missing] = [await ask(caller, row, names.private), await ask(caller, row, names.missing)];
      cells += 3;
      const holds = roles[caller] !== null;
      if (kind === 'token') {
        // Bearers are no credentials there; a form without a password is none either.
        const basic = headers[caller]?.startsWith('Basic ') ?? true;
        expect(hidden.status).toBe(row.method === 'GET' && basic ? 200 : row.method === 'POST' ? missing.status : 401);
        expect([200, 401, 429]).toContain(hidden.status);
        return;
      }
      const limited = caller === 'a writer’s token for the public repository alone' && kind === 'catalog';
      expect(hidden.status).toBe(holds && caller !== 'anonymous' && !limited ? 200 : 401);
      if (kind !== 'catalog') expect(hidden.bytes).toBe(missing.bytes);
      else if (hidden.status === 200) {
        const seen = [names.public, ...(roles[caller] === undefined ? [] : [names.private])];
        expect(missing.bytes).toContain(JSON.stringify({ repositories: seen }));
      }
    },
  );
});

test('the matrix has at least 430 cells', () => {
  expect(cells).toBeGreaterThanOrEqual(430);
});
