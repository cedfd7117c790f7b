import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openAcme, type AcmeScene } from '../testing/acme-scene.ts';
import { digestOf } from '../testing/registry-client.ts';

/** A client that lost the answer to the end of an upload sends the same request again. */
let acme: AcmeScene;
beforeAll(async () => {
  acme = await openAcme(inject('databaseServerUrl'));
});
afterAll(() => acme.close());

const execute = (sql: string, values: unknown[] = []) =>
  acme.registry.database.orm.em.getConnection().execute<{ lease: string }[]>(sql, values);
const put = async (location: string, digest: string, body?: string | Buffer<ArrayBuffer>, as = acme.writer) => {
  const answer = await acme.send('PUT', `${location}?digest=${digest}`, { as, ...(body !== undefined && { body }) });
  const { headers } = answer;
  await answer.text();
  return [answer.status, headers.get('location'), headers.get('docker-content-digest')];
};
const linked = (digest: string, repository = 'acme/app') => [201, `/v2/${repository}/blobs/${digest}`, digest];
const unknown = [404, null, null];

test.each([
  ['a small blob in the last request', Buffer.from('small and whole'), undefined],
  ['a large blob in the last request', randomBytes(300_000), undefined],
  ['a chunk, and the last request without a body', undefined, randomBytes(200_000)],
  ['a chunk, and a small rest in the last request', Buffer.from('the rest'), randomBytes(200_000)],
])('%s: each repetition gets the same 201', async (_what, last, chunk) => {
  const location = await acme.begin('acme/app');
  if (chunk) expect((await acme.send('PATCH', location, { as: acme.writer, body: chunk })).status).toBe(202);
  const digest = digestOf(Buffer.concat([...(chunk ? [chunk] : []), ...(last ? [last] : [])]));
  for (let time = 0; time < 3; time += 1) expect(await put(location, digest, last)).toEqual(linked(digest));
  // Some clients repeat it without the body.
  expect(await put(location, digest)).toEqual(linked(digest));
  expect((await acme.send('HEAD', `/v2/acme/app/blobs/${digest}`, { as: acme.writer })).status).toBe(200);
});

test('the lease of the blob is renewed, so that a manifest may name it for six hours more (P2)', async () => {
  const location = await acme.begin('acme/app');
  const digest = digestOf('leased');
  await put(location, digest, 'leased');
  const lease = `extract(epoch from lease_until - now()) / 60 as lease`;
  await execute(`update blobs set lease_until = now() + interval '359 minutes' where digest = ?`, [digest]);
  expect(await put(location, digest, 'leased')).toEqual(linked(digest));
  const [row] = await execute(`select ${lease} from blobs where digest = ?`, [digest]);
  expect(Number(row?.lease)).toBeGreaterThan(359.5);
});

test('an upload that was never completed so is unknown', async () => {
  const digest = await acme.pushBlob('acme/app', 'there already');
  await acme.pushBlob('acme/other', 'of another repository');
  const completed = await acme.begin('acme/app');
  expect(await put(completed, digestOf('completed'), 'completed')).toEqual(linked(digestOf('completed')));
  expect(await put(completed, digestOf('something else'), 'something else')).toEqual(unknown);
  expect(await put(completed, digestOf('of another repository'))).toEqual(unknown);
  expect(await put(completed.replace('acme/app', 'acme/other'), digestOf('completed'))).toEqual(unknown);
  // Nobody has renewed the lease of this blob since the upload began.
  await execute(`update blobs set lease_until = now() + interval '5 hours' where digest = ?`, [digest]);
  expect(await put(completed, digest)).toEqual(unknown);
  for (const id of ['00000000-0000-4000-8000-000000000000', 'ffffffff-ffff-7fff-bfff-ffffffffffff', 'no-uuid'])
    expect(await put(`/v2/acme/app/blobs/uploads/${id}`, digestOf('completed'))).toEqual(unknown);
});

test('an open upload of somebody else, and a blob that was deleted, are unknown; a stranger finds no repository', async () => {
  const robot = await acme.registry.robotToken(acme.alice, 'acme', 'ci');
  await execute(
    `insert into permissions (id, repository_id, role, robot_id, created_at)
       select gen_random_uuid(), p.id, 'write', r.id, now() from repositories p, robots r where p.name = 'acme/app'`,
  );
  const location = await acme.begin('acme/app');
  expect(await put(location, digestOf('completed'), undefined, robot)).toEqual(unknown);
  expect(await put(location, digestOf('to be deleted'), 'to be deleted')).toEqual(linked(digestOf('to be deleted')));
  expect((await put(location, digestOf('to be deleted'), 'to be deleted', acme.outsider))[0]).toBe(404);
  const path = `/v2/acme/app/blobs/${digestOf('to be deleted')}`;
  expect((await acme.send('DELETE', path, { as: acme.writer })).status).toBe(202);
  expect(await put(location, digestOf('to be deleted'), 'to be deleted')).toEqual(unknown);
});
