import { readdir } from 'node:fs/promises';
import { request as rawRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, inject, test } from 'vitest';
import { buildPermission, buildRepository, buildUser } from '@escale/schema/testing';
import { codeOf, openAcme, type AcmeScene } from '../testing/acme-scene.ts';
import { digestOf } from '../testing/registry-client.ts';

let acme: AcmeScene;
beforeAll(async () => {
  acme = await openAcme(inject('databaseServerUrl'));
});
afterAll(() => acme.close());

const put = (location: string, body: string, digest = digestOf(body)) =>
  acme.send('PUT', `${location}?digest=${digest}`, { as: acme.writer, body });
const read = async (digest: string) => {
  const answer = await acme.send('GET', `/v2/acme/app/blobs/${digest}`, { as: acme.writer });
  return answer.status === 200 ? answer.text() : answer.status;
};
/** Files of the store, objects and what is staged. */
const stored = async () => {
  const files = await readdir(acme.registry.folder, { recursive: true, withFileTypes: true });
  return files.filter((file) => file.isFile()).length;
};
let before = 0;
beforeEach(async () => {
  before = await stored();
});

test('the whole blob in the PUT that ends its upload; the same PUT again stores nothing more', async () => {
  const location = await acme.begin('acme/app');
  expect((await put(location, 'one')).status).toBe(201);
  expect(await read(digestOf('one'))).toBe('one');
  const again = await put(location, 'one');
  expect([again.status, again.headers.get('docker-content-digest')]).toEqual([201, digestOf('one')]);
  const other = await put(location, 'other');
  expect([other.status, await codeOf(other)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
  expect(await stored()).toBe(before + 1);
});

test('the last bytes of an upload, small as they are, are not taken for the whole', async () => {
  const location = await acme.begin('acme/app');
  expect((await acme.send('PATCH', location, { as: acme.writer, body: 'begun and ' })).status).toBe(202);
  expect((await put(location, 'ended', digestOf('begun and ended'))).status).toBe(201);
  expect(await read(digestOf('begun and ended'))).toBe('begun and ended');
});

test('bytes that have the digest by themselves, behind others, are refused, and nothing is left of them', async () => {
  const location = await acme.begin('acme/app');
  expect((await acme.send('PATCH', location, { as: acme.writer, body: 'something before' })).status).toBe(202);
  const refused = await put(location, 'the named bytes');
  expect([refused.status, await codeOf(refused)]).toEqual([400, 'DIGEST_INVALID']);
  expect(await read(digestOf('the named bytes'))).toBe(404);
  expect(await stored()).toBe(before);
});

test('of many at once for one upload one ends it, the others are told so, and one object is there', async () => {
  const location = await acme.begin('acme/app');
  const answers = await Promise.all(Array.from({ length: 8 }, () => put(location, 'at once')));
  expect(answers.map(({ status }) => status)).toContain(201);
  expect(answers.filter(({ status }) => status !== 201 && status !== 416)).toEqual([]);
  expect(await read(digestOf('at once'))).toBe('at once');
  expect(await stored()).toBe(before + 1);
});

test('an upload that somebody else writes to is not taken from under them (D20)', async () => {
  const location = await acme.begin('acme/app');
  const slow = new ReadableStream({
    async start(controller) {
      controller.enqueue(Buffer.from('slow '));
      await sleep(300);
      controller.enqueue(Buffer.from('writer'));
      controller.close();
    },
  });
  const writing = acme.send('PATCH', location, { as: acme.writer, body: slow });
  await sleep(150);
  expect((await put(location, 'meanwhile')).status).toBe(416);
  expect((await writing).status).toBe(202);
  expect((await acme.send('PUT', `${location}?digest=${digestOf('slow writer')}`, { as: acme.writer })).status).toBe(
    201,
  );
  expect(await read(digestOf('meanwhile'))).toBe(404);
});

test('a blob that is here already is linked, and its bytes are not kept twice', async () => {
  await acme.pushBlob('acme/app', 'known');
  const location = await acme.begin('acme/other');
  expect((await put(location, 'known')).status).toBe(201);
  expect(await stored()).toBe(before + 1);
});

test('the upload is nobody else’s, nor another repository’s (T6, R22)', async () => {
  const em = acme.registry.database.orm.em.fork();
  const bob = await buildUser(em);
  const shared = await buildRepository(em, { path: 'shared' });
  await buildPermission(em, shared, bob, 'write');
  await buildPermission(em, shared, acme.alice, 'write');
  const bobs = await acme.registry.applicationToken(bob);
  const location = await acme.begin(shared.name);
  const objects = await stored();
  for (const [as, place] of [
    [bobs, location],
    [acme.writer, location.replace(shared.name, 'acme/app')],
    [acme.writer, location.replace(/[^/]+$/, 'no-id')],
  ] as const) {
    const answer = await acme.send('PUT', `${place}?digest=${digestOf(place)}`, { as, body: place });
    expect([answer.status, await codeOf(answer)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
  }
  expect(await stored()).toBe(objects);
  expect((await put(location, 'mine')).status).toBe(201);
});

test('a wrong digest in one POST is refused, and nothing is left', async () => {
  const answer = await acme.send('POST', `/v2/acme/app/blobs/uploads/?digest=${digestOf('said')}`, {
    as: acme.writer,
    body: 'sent',
  });
  expect([answer.status, await codeOf(answer)]).toEqual([400, 'DIGEST_INVALID']);
  expect(await stored()).toBe(before);
});

test('what arrived of a small body before its client went away is kept, like of any other (D22)', async () => {
  const content = 'x'.repeat(1000);
  const location = await acme.begin('acme/app');
  await new Promise<void>((resolve) => {
    const sending = rawRequest(new URL(`${location}?digest=${digestOf(content)}`, acme.registry.url), {
      method: 'PUT',
      headers: { Authorization: acme.writer, 'Content-Length': content.length },
    });
    sending.on('error', () => resolve());
    sending.write(content.slice(0, 400), () => setTimeout(() => sending.destroy(), 200));
  });
  await expect
    .poll(async () => (await acme.send('GET', location, { as: acme.writer })).headers.get('range'), { timeout: 5000 })
    .toBe('0-399');
  const rest = await put(location, content.slice(400), digestOf(content));
  expect(rest.status).toBe(201);
  expect(await read(digestOf(content))).toBe(content);
});
