import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { buildUser } from '@escale/schema/testing';
import { openTestRegistry, type Sent, type TestRegistry } from '../testing/test-registry.ts';

declare module 'vitest' {
  interface ProvidedContext {
    databaseServerUrl: string;
  }
}

let registry: TestRegistry;
let alice: string;
beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'), {
    uploadLimits: { sessions: 12, stagedBytes: 1_000_000 },
  });
  alice = await registry.applicationToken(await buildUser(registry.database.orm.em.fork(), { name: 'alice' }));
});
afterAll(() => registry.close());

const send = (method: string, path: string, options?: Omit<Sent, 'as'>) =>
  registry.send(method, path, { as: alice, ...options });
const begin = async (repository: string) => {
  const answer = await send('POST', `/v2/${repository}/blobs/uploads/`);
  expect(answer.status).toBe(202);
  return answer.headers.get('location') ?? '';
};
const codeOf = async (answer: Response) => ((await answer.json()) as { errors: { code: string }[] }).errors[0]?.code;
const sha256 = (content: Buffer) => `sha256:${createHash('sha256').update(content).digest('hex')}`;
const execute = (sql: string, values: unknown[] = []) => registry.database.orm.em.getConnection().execute(sql, values);

test('a claim of a process that is gone is void at once, one of a living process is not (D12, D20, D23)', async () => {
  const at = await begin('alice/claims');
  const content = randomBytes(5000);
  expect((await send('PATCH', at, { body: content.subarray(0, 2000) })).status).toBe(202);
  // No lock of this number is held: its process was killed.
  await execute('update upload_sessions set writer = gen_random_uuid(), writer_process = 1 where id = ?', [
    at.split('/').at(-1),
  ]);
  expect((await send('PATCH', at, { body: content.subarray(2000) })).status).toBe(202);
  expect((await send('PUT', `${at}?digest=${sha256(content)}`)).status).toBe(201);
});

test('of many chunks for one place at the same moment one is taken, the others are told where the upload stands (D20)', async () => {
  const at = await begin('alice/races');
  const content = randomBytes(3000);
  const answers = await Promise.all(
    Array.from({ length: 12 }, () => send('PATCH', at, { headers: { 'Content-Range': '0-2999' }, body: content })),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([202, ...Array<number>(11).fill(416)]);
  expect((await send('PUT', `${at}?digest=${sha256(content)}`)).status).toBe(201);
});

test('a hash state that was tampered with ends the upload with 404 (T7)', async () => {
  const at = await begin('alice/tampered');
  expect((await send('PATCH', at, { body: 'some bytes' })).status).toBe(202);
  await execute(
    'update upload_sessions set hash_state = set_byte(hash_state, 40, get_byte(hash_state, 40) # 1) where id = ?',
    [at.split('/').at(-1)],
  );
  const answer = await send('PATCH', at, { body: 'more' });
  expect([answer.status, await codeOf(answer)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
});

test('a namespace has so many unfinished uploads at most, also when all come at once; one that ended makes room (T49)', async () => {
  const bob = await registry.applicationToken(await buildUser(registry.database.orm.em.fork(), { name: 'bob' }));
  const post = () => registry.send('POST', '/v2/bob/many/blobs/uploads/', { as: bob });
  const first = await post();
  const rest = await Promise.all(Array.from({ length: 30 }, post));
  expect(rest.filter(({ status }) => status === 202)).toHaveLength(11);
  const refused = rest.find(({ status }) => status !== 202);
  expect([refused?.status, refused && (await codeOf(refused))]).toEqual([429, 'TOOMANYREQUESTS']);
  await registry.send('DELETE', first.headers.get('location') ?? '', { as: bob });
  expect((await post()).status).toBe(202);
});

test('a namespace has so many staged bytes at most; the upload that would exceed them stays as it was (T49)', async () => {
  const [one, two] = [await begin('alice/big'), await begin('alice/big')];
  expect((await send('PATCH', one, { body: randomBytes(700_000) })).status).toBe(202);
  const refused = await send('PATCH', two, { body: randomBytes(400_000) });
  expect([refused.status, await codeOf(refused)]).toEqual([403, 'DENIED']);
  expect((await send('PATCH', two, { body: randomBytes(200_000) })).status).toBe(202);
});
