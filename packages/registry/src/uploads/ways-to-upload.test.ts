import { randomBytes } from 'node:crypto';
import { request as rawRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { buildPermission, buildRepository, buildUser } from '@escale/schema/testing';
import { codeOf, openAcme, type AcmeScene } from '../testing/acme-scene.ts';
import { digestOf } from '../testing/registry-client.ts';

let acme: AcmeScene;
beforeAll(async () => {
  acme = await openAcme(inject('databaseServerUrl'));
});
afterAll(() => acme.close());

describe('uploads (end-4, end-5, end-6, end-13, end-14)', () => {
  test('a blob in one POST', async () => {
    const digest = await acme.pushBlob('acme/app', 'monolithic');
    const answer = await acme.send('GET', `/v2/acme/app/blobs/${digest}`, { as: acme.writer });
    expect(await answer.text()).toBe('monolithic');
  });

  test('a blob as docker sends it: POST, one PATCH without a range, PUT without a body', async () => {
    const content = randomBytes(2_500_000);
    const location = await acme.begin('acme/app');
    const patch = await acme.send('PATCH', location, { as: acme.writer, body: content });
    expect([patch.status, patch.headers.get('range')]).toEqual([202, '0-2499999']);
    const put = await acme.send('PUT', `${patch.headers.get('location') ?? ''}?digest=${digestOf(content)}`, {
      as: acme.writer,
    });
    expect([put.status, put.headers.get('docker-content-digest')]).toEqual([201, digestOf(content)]);
    const get = await acme.send('GET', put.headers.get('location') ?? '', { as: acme.writer });
    expect(Buffer.from(await get.arrayBuffer()).equals(content)).toBe(true);
  });

  test('PATCH with a gap answers 416 and the range we hold; the upload goes on from there (end-5)', async () => {
    const location = await acme.begin('acme/app');
    const chunk = (range: string, body: string) =>
      acme.send('PATCH', location, { as: acme.writer, headers: { 'Content-Range': range }, body });
    expect((await chunk('0-3', 'abcd')).status).toBe(202);
    const gap = await chunk('8-9', 'ij');
    expect([gap.status, gap.headers.get('range'), gap.headers.get('location')]).toEqual([416, '0-3', location]);
    const repeated = await chunk('0-3', 'abcd');
    expect(repeated.status).toBe(416);
    const status = await acme.send('GET', location, { as: acme.writer });
    expect([status.status, status.headers.get('range')]).toEqual([204, '0-3']);
    expect((await chunk('4-9', 'efghij')).status).toBe(202);
    expect((await acme.send('PUT', `${location}?digest=${digestOf('abcdefghij')}`, { as: acme.writer })).status).toBe(
      201,
    );
  });

  test.each([
    ['bytes=0-5', 'malformed', 400, 'BLOB_UPLOAD_INVALID'],
    ['5-1', 'backwards', 400, 'BLOB_UPLOAD_INVALID'],
    ['0-99', 'of another length', 400, 'SIZE_INVALID'],
  ])('a Content-Range %s (%s) answers %i %s and changes nothing', async (range, _what, status, code) => {
    const location = await acme.begin('acme/app');
    const answer = await acme.send('PATCH', location, {
      as: acme.writer,
      headers: { 'Content-Range': range },
      body: 'abcd',
    });
    expect([answer.status, await codeOf(answer)]).toEqual([status, code]);
    expect((await acme.send('GET', location, { as: acme.writer })).headers.get('range')).toBe('0-0');
  });

  test('a wrong digest answers 400, and the upload is gone (R8)', async () => {
    const location = await acme.begin('acme/app');
    const wrong = await acme.send('PUT', `${location}?digest=${digestOf('other')}`, {
      as: acme.writer,
      body: 'content',
    });
    expect([wrong.status, await codeOf(wrong)]).toEqual([400, 'DIGEST_INVALID']);
    const again = await acme.send('PUT', `${location}?digest=${digestOf('content')}`, {
      as: acme.writer,
      body: 'content',
    });
    expect([again.status, await codeOf(again)]).toEqual([404, 'BLOB_UPLOAD_UNKNOWN']);
    expect((await acme.send('HEAD', `/v2/acme/app/blobs/${digestOf('other')}`, { as: acme.writer })).status).toBe(404);
  });

  test.each(['', '?digest-algorithm=sha512'])(
    'a blob under its sha512 digest, begun with "%s" (end-4c)',
    async (query) => {
      const content = `sha512 ${query}`;
      const location = await acme.begin('acme/app', acme.writer, query);
      await acme.send('PATCH', location, { as: acme.writer, body: content });
      expect(
        (await acme.send('PUT', `${location}?digest=${digestOf(content, 'sha512')}`, { as: acme.writer })).status,
      ).toBe(201);
      expect(
        await (await acme.send('GET', `/v2/acme/app/blobs/${digestOf(content, 'sha512')}`, { as: acme.writer })).text(),
      ).toBe(content);
    },
  );

  test('an empty blob', async () => {
    const digest = await acme.pushBlob('acme/app', '');
    const answer = await acme.send('GET', `/v2/acme/app/blobs/${digest}`, { as: acme.writer });
    expect([answer.status, await answer.text()]).toEqual([200, '']);
  });

  test('a cancelled upload is gone (end-14)', async () => {
    const location = await acme.begin('acme/app');
    expect((await acme.send('DELETE', location, { as: acme.writer })).status).toBe(204);
    expect((await acme.send('GET', location, { as: acme.writer })).status).toBe(404);
  });

  test('an upload belongs to its repository and to who began it; for all others it does not exist (T6, R22)', async () => {
    const em = acme.registry.database.orm.em.fork();
    const bob = await buildUser(em);
    const shared = await buildRepository(em, { path: 'shared' });
    await buildPermission(em, shared, bob, 'write');
    await buildPermission(em, shared, acme.alice, 'write');
    const location = await acme.begin(shared.name);
    const other = await acme.registry.applicationToken(bob);
    const foreign = await acme.send('PATCH', location, { as: other, body: 'x' });
    const random = await acme.send('PATCH', location.replace(/[^/]+$/, '00000000-0000-4000-8000-000000000000'), {
      as: other,
      body: 'x',
    });
    const elsewhere = await acme.send('PATCH', location.replace(shared.name, 'acme/app'), {
      as: acme.writer,
      body: 'x',
    });
    const answers = await Promise.all([foreign, random, elsewhere].map(async (one) => [one.status, await one.text()]));
    expect(answers[0]?.[0]).toBe(404);
    expect(new Set(answers.map(String)).size).toBe(1);
  });

  test('of two requests to one upload, one writes and the other is told where it stands (D20)', async () => {
    const location = await acme.begin('acme/app');
    const slow = (content: string) =>
      new ReadableStream({
        async start(controller) {
          controller.enqueue(Buffer.from(content));
          await sleep(300);
          controller.close();
        },
      });
    const answers = await Promise.all([
      acme.send('PATCH', location, { as: acme.writer, body: slow('aaaa') }),
      acme.send('PATCH', location, { as: acme.writer, body: slow('bbbb') }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([202, 416]);
  });

  test('what arrived before a client went away is kept, and the upload goes on from there (D22)', async () => {
    const content = randomBytes(600_000);
    const location = await acme.begin('acme/app');
    await new Promise<void>((resolve) => {
      const sending = rawRequest(new URL(location, acme.registry.url), {
        method: 'PATCH',
        headers: { Authorization: acme.writer, 'Content-Length': content.length },
      });
      sending.on('error', () => resolve());
      sending.write(content.subarray(0, 200_000), () => setTimeout(() => sending.destroy(), 200));
    });
    let held = 0;
    for (let tries = 0; tries < 50 && held === 0; tries += 1) {
      await sleep(100);
      const range = (await acme.send('GET', location, { as: acme.writer })).headers.get('range') ?? '';
      held = range === '0-0' ? 0 : Number(range.split('-')[1]) + 1;
    }
    expect(held).toBeGreaterThan(0);
    const rest = await acme.send('PATCH', location, { as: acme.writer, body: content.subarray(held) });
    expect(rest.status).toBe(202);
    expect((await acme.send('PUT', `${location}?digest=${digestOf(content)}`, { as: acme.writer })).status).toBe(201);
  });
});
