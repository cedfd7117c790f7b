import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { buildOrganization, buildUser } from '@escale/schema/testing';
import { digestOf } from '../testing/registry-client.ts';
import { openTestRegistry, type TestRegistry } from '../testing/test-registry.ts';

const content = randomBytes(300_000);
const digest = digestOf(content);

let registry: TestRegistry;
let writer: string;
beforeAll(async () => {
  registry = await openTestRegistry(inject('databaseServerUrl'));
  const em = registry.database.orm.em.fork();
  const owner = await buildUser(em);
  await buildOrganization(em, { name: 'acme', owner });
  writer = await registry.applicationToken(owner);
  await registry.send('POST', `/v2/acme/app/blobs/uploads/?digest=${digest}`, { as: writer, body: content });
});
afterAll(() => registry.close());

async function get(headers: Record<string, string>, method = 'GET') {
  const answer = await registry.send(method, `/v2/acme/app/blobs/${digest}`, { as: writer, headers });
  return { status: answer.status, headers: answer.headers, body: Buffer.from(await answer.arrayBuffer()) };
}

/** The parts of a multipart answer, by the range that each says it is. */
function partsOf(body: Buffer, contentType: string): { range: string; bytes: Buffer }[] {
  const boundary = /^multipart\/byteranges; boundary=(\w+)$/.exec(contentType)?.[1] ?? '';
  const text = body.toString('latin1');
  expect(text.startsWith(`--${boundary}\r\n`) && text.endsWith(`\r\n--${boundary}--\r\n`)).toBe(true);
  return text
    .slice(0, -`\r\n--${boundary}--\r\n`.length)
    .split(`--${boundary}\r\n`)
    .slice(1)
    .map((part, index, all) => {
      const head = part.indexOf('\r\n\r\n');
      const bytes = part.slice(head + 4, index === all.length - 1 ? undefined : -2);
      return { range: /Content-Range: (.*)/.exec(part)?.[1]?.trim() ?? '', bytes: Buffer.from(bytes, 'latin1') };
    });
}

describe('several ranges in one request (RFC 9110 §14.6)', () => {
  test('come in the order asked for, each with its own Content-Range, and add up to Content-Length', async () => {
    const { status, headers, body } = await get({ Range: 'bytes=200000-299999,0-9,-1' });
    expect([status, headers.get('content-length')]).toEqual([206, String(body.length)]);
    expect(partsOf(body, headers.get('content-type') ?? '')).toEqual([
      { range: 'bytes 200000-299999/300000', bytes: content.subarray(200_000) },
      { range: 'bytes 0-9/300000', bytes: content.subarray(0, 10) },
      { range: 'bytes 299999-299999/300000', bytes: content.subarray(-1) },
    ]);
  });

  test('as many as a lazy puller asks for', async () => {
    const ranges = Array.from({ length: 200 }, (_, n) => `${String(n * 1000)}-${String(n * 1000 + 99)}`);
    const { status, headers, body } = await get({ Range: `bytes=${ranges.join()}` });
    expect(status).toBe(206);
    expect(partsOf(body, headers.get('content-type') ?? '').map(({ bytes }) => bytes)).toEqual(
      ranges.map((_, n) => content.subarray(n * 1000, n * 1000 + 100)),
    );
  });

  test('of which one lies in the blob are that one', async () => {
    const { status, headers, body } = await get({ Range: 'bytes=400000-,5-9' });
    expect([status, headers.get('content-range'), headers.get('content-type')]).toEqual([
      206,
      'bytes 5-9/300000',
      'application/octet-stream',
    ]);
    expect(body.equals(content.subarray(5, 10))).toBe(true);
  });

  test.each([
    ['10,000 of them (R24)', `bytes=${Array.from({ length: 10_000 }, (_, n) => `${String(n)}-${String(n)}`).join()}`],
    ['none in the blob', 'bytes=300000-,400000-500000'],
  ])('%s answer 416', async (_what, range) => {
    const { status, headers } = await get({ Range: range });
    expect([status, headers.get('content-range')]).toEqual([416, 'bytes */300000']);
  });

  test('that add up to more than the blob are answered by the whole', async () => {
    const { status, body } = await get({ Range: 'bytes=0-,0-,0-' });
    expect([status, body.equals(content)]).toEqual([200, true]);
  });
});

describe('what a client holds already', () => {
  test.each([
    [`"${digest}"`, 304],
    [`W/"${digest}"`, 304],
    [`"other", "${digest}"`, 304],
    ['*', 304],
    ['"other"', 200],
  ])('If-None-Match: %s answers %i', async (tags, status) => {
    const answer = await get({ 'If-None-Match': tags });
    expect([answer.status, answer.headers.get('etag')]).toEqual([status, `"${digest}"`]);
    expect(answer.headers.get('docker-content-digest')).toBe(digest);
  });

  test('If-Range with its digest gives the range, with another the whole', async () => {
    expect((await get({ Range: 'bytes=0-9', 'If-Range': `"${digest}"` })).status).toBe(206);
    expect((await get({ Range: 'bytes=0-9', 'If-Range': '"other"' })).status).toBe(200);
  });
});

test('HEAD knows no ranges: it tells of the whole', async () => {
  const { status, headers } = await get({ Range: 'bytes=0-9' }, 'HEAD');
  expect([status, headers.get('content-length')]).toEqual([200, '300000']);
});
