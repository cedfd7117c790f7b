import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { DirectoryUnavailable } from '@escale/domain/groups';
import { KeycloakDirectory } from './keycloak-directory.ts';

/** What the admin API answers, by path; anything else is Keycloak's 404. */
type Answers = Record<string, (query: URLSearchParams) => { status?: number; body: unknown } | undefined>;

const group = { id: 'g1', path: '/platform/dev', name: 'dev' };
const person = (id: string, more: object = {}) => ({ id, username: `name-of-${id}`, enabled: true, ...more });
const pagesOf =
  (all: readonly unknown[]) =>
  (query: URLSearchParams): { body: unknown } => ({
    body: all.slice(Number(query.get('first')), Number(query.get('first')) + Number(query.get('max'))),
  });

let answers: Answers;
let asked: string[];
let token: (form: string) => { status?: number; body: unknown };
let url: string;
let close: () => Promise<void>;

beforeEach(async () => {
  answers = { 'group-by-path/platform/dev': () => ({ body: group }) };
  asked = [];
  token = () => ({ body: { access_token: 'good', expires_in: 300 } });
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  url = `http://localhost:${String((server.address() as AddressInfo).port)}`;
  close = async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
});
afterEach(() => close());

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', url);
  const send = ({ status = 200, body }: { status?: number; body: unknown }) => {
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    response.writeHead(status, { 'content-type': 'application/json' }).end(text);
  };
  if (pathname === '/realms/escale/protocol/openid-connect/token') {
    let form = '';
    for await (const piece of request as AsyncIterable<Buffer>) form += piece.toString();
    asked.push('token');
    send(token(form));
    return;
  }
  const path = decodeURI(pathname.replace('/admin/realms/escale/', ''));
  asked.push(path);
  if (request.headers.authorization !== 'Bearer good') send({ status: 401, body: { error: 'HTTP 401 Unauthorized' } });
  else send(answers[path]?.(searchParams) ?? { status: 404, body: { error: 'User not found' } });
}

const directory = () =>
  new KeycloakDirectory(
    { issuer: `${url}/realms/escale` },
    { clientId: 'escale-sync', clientSecret: 'a secret' },
    fetch,
  );

describe('members of a group', () => {
  test('are read page by page to the end, without those who may not sign in', async () => {
    const all = Array.from({ length: 250 }, (_, index) => person(`p${String(index)}`, { enabled: index !== 7 }));
    answers['groups/g1/members'] = pagesOf(all);
    const members = await directory().membersOf('/platform/dev');
    expect(members).toHaveLength(249);
    expect(members).not.toContain('p7');
    expect(asked).toEqual(['token', 'group-by-path/platform/dev', ...Array(4).fill('groups/g1/members')]);
  });

  test('go on behind a page that is short without being the last', async () => {
    const all = Array.from({ length: 120 }, (_, index) => person(`p${String(index)}`));
    answers['groups/g1/members'] = (query) => ({
      body: (pagesOf(all)(query).body as unknown[]).filter((_, index) => index % 2 === 0),
    });
    expect(await directory().membersOf('/platform/dev')).toContain('p118');
  });

  test('of a group that is not there are nobody', async () => {
    answers['group-by-path/platform/dev'] = () => ({ status: 404, body: { error: 'Group path does not exist' } });
    expect(await directory().membersOf('/platform/dev')).toEqual([]);
  });

  test.each([
    ['a page fails', { status: 500, body: { error: 'unknown_error' } }, /500/],
    ['a page is cut off', { body: '[{"id":"p1","userna' }, /not Keycloak/],
    ['a page is no list', { body: { error: 'none' } }, /not Keycloak/],
    ['a person of a page has no id', { body: [{ username: 'x' }] }, /not Keycloak/],
    ['the group goes away in the middle', { status: 404, body: { error: 'Could not find group by id' } }, /middle/],
  ])('are not half of them when %s', async (_, broken, words) => {
    const all = Array.from({ length: 150 }, (_each, index) => person(`p${String(index)}`));
    answers['groups/g1/members'] = (query) => (query.get('first') === '0' ? pagesOf(all)(query) : broken);
    await expect(directory().membersOf('/platform/dev')).rejects.toThrow(words);
  });

  test.each([
    ['a realm that is not there', { status: 404, body: { error: 'Realm not found.' } }, /404 Realm not found/],
    ['a proxy that knows no such page', { status: 404, body: '<html>Not Found</html>' }, /answers 404/],
    ['a client without the role', { status: 403, body: { error: 'HTTP 403 Forbidden' } }, /view-users/],
  ])('%s is no empty group', async (_, answered, words) => {
    answers['group-by-path/platform/dev'] = () => answered;
    const read = directory().membersOf('/platform/dev');
    await expect(read).rejects.toThrow(words);
    await expect(read).rejects.toBeInstanceOf(DirectoryUnavailable);
  });
});

describe('groups of a person', () => {
  test('are all pages of them, by full path', async () => {
    answers['users/p1'] = () => ({ body: person('p1') });
    const all = Array.from({ length: 130 }, (_, index) => ({ id: `g${String(index)}`, path: `/g/${String(index)}` }));
    answers['users/p1/groups'] = pagesOf(all);
    expect(await directory().groupsOf('p1')).toHaveLength(130);
  });

  test('who was deleted, or may not sign in, are none', async () => {
    answers['users/disabled'] = () => ({ body: person('disabled', { enabled: false }) });
    answers['users/disabled/groups'] = pagesOf([group]);
    expect(await directory().groupsOf('deleted')).toEqual([]);
    expect(await directory().groupsOf('disabled')).toEqual([]);
  });
});

test('people are found with what they sign in with and what they are called', async () => {
  answers['users'] = (query) => ({
    body: [
      person('p1', { username: query.get('search'), firstName: 'Dora', lastName: 'Martin', email: 'dora@example.org' }),
      person('p2', { username: 'dorb' }),
      person('p3', { enabled: false }),
    ],
  });
  expect(await directory().search('dora', 10)).toEqual([
    { subject: 'p1', username: 'dora', name: 'Dora Martin', email: 'dora@example.org' },
    { subject: 'p2', username: 'dorb' },
  ]);
});

test('odd facts about a person are as if they were not there; the id stays strict', async () => {
  answers['users'] = () => ({
    body: [
      person('p1', {
        username: 'dora',
        firstName: null,
        lastName: 7,
        email: {},
        emailVerified: 'true',
        enabled: 'yes',
      }),
      person('p2', { username: null }),
      person('p3', { username: 'dorb', email: 'dorb@example.org', emailVerified: true }),
      person('p4', { username: 'dorc', email: 'dorc@example.org', emailVerified: 'true' }),
    ],
  });
  expect(await directory().search('dor', 10)).toEqual([
    { subject: 'p1', username: 'dora' },
    { subject: 'p3', username: 'dorb', email: 'dorb@example.org', emailVerified: true },
    { subject: 'p4', username: 'dorc', email: 'dorc@example.org' },
  ]);
  answers['users/p1'] = () => ({ body: person('p1', { enabled: null, username: null }) });
  expect(await directory().stateOf('p1')).toBe('enabled');
  answers['users/p2'] = () => ({ body: person('p2', { enabled: false }) });
  expect(await directory().stateOf('p2')).toBe('disabled');
  expect(await directory().stateOf('nobody')).toBe('absent');
  answers['users'] = () => ({ body: [{ ...person('p1'), id: 7 }] });
  await expect(directory().search('dor', 10)).rejects.toBeInstanceOf(DirectoryUnavailable);
});

test('an address that leads to another group than the path says has no members', async () => {
  answers['group-by-path/platform/dev'] = () => ({ body: { ...group, path: '/escale-admins' } });
  answers['groups/g1/members'] = pagesOf([person('p1')]);
  expect(await directory().membersOf('/platform/dev')).toEqual([]);
});

describe('the service account', () => {
  test('keeps its token, and gets another when Keycloak has ended it', async () => {
    answers['users'] = () => ({ body: [] });
    const known = directory();
    token = () => ({ body: { access_token: 'ended', expires_in: 300 } });
    const first = known.search('dora', 1);
    token = () => ({
      body: { access_token: asked.filter((one) => one === 'token').length > 1 ? 'good' : 'ended', expires_in: 300 },
    });
    await first;
    await known.search('dora', 1);
    expect(asked).toEqual(['token', 'users', 'token', 'users', 'users']);
  });

  test('presents the client and its secret; a wrong one is said in words', async () => {
    token = (form) => {
      expect(Object.fromEntries(new URLSearchParams(form))).toEqual({
        grant_type: 'client_credentials',
        client_id: 'escale-sync',
        client_secret: 'a secret',
      });
      return { status: 401, body: { error: 'unauthorized_client', error_description: 'Invalid client' } };
    };
    await expect(directory().search('dora', 1)).rejects.toThrow(/Invalid client.*ESCALE_OIDC_SYNC_CLIENT_SECRET/);
  });

  test('says where nobody answers', async () => {
    await close();
    await expect(directory().search('dora', 1)).rejects.toThrow(`Keycloak does not answer at ${url}`);
  });
});
