import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { openAcme, type AcmeScene } from '../testing/acme-scene.ts';

let acme: AcmeScene;
beforeAll(async () => {
  acme = await openAcme(inject('databaseServerUrl'));
});
afterAll(() => acme.close());

describe('blobs (end-2, end-10, end-11)', () => {
  test('HEAD tells size and digest; ranges are inclusive and clamped', async () => {
    const content = randomBytes(2048);
    const digest = await acme.pushBlob('acme/ranges', content);
    const at = `/v2/acme/ranges/blobs/${digest}`;
    const head = await acme.send('HEAD', at, { as: acme.writer });
    expect([head.status, head.headers.get('content-length'), head.headers.get('accept-ranges')]).toEqual([
      200,
      '2048',
      'bytes',
    ]);
    const ranged = async (range: string) => {
      const answer = await acme.send('GET', at, { as: acme.writer, headers: { Range: range } });
      const body = Buffer.from(await answer.arrayBuffer());
      return [answer.status, answer.headers.get('content-range'), answer.status === 206 ? body.toString('hex') : ''];
    };
    const slice = (start: number, end: number) => [
      206,
      `bytes ${start}-${end}/2048`,
      content.subarray(start, end + 1).toString('hex'),
    ];
    expect(await ranged('bytes=500-1499')).toEqual(slice(500, 1499));
    expect(await ranged('bytes=500-')).toEqual(slice(500, 2047));
    expect(await ranged('bytes=-500')).toEqual(slice(1548, 2047));
    expect(await ranged('bytes=2000-5000')).toEqual(slice(2000, 2047));
    expect(await ranged('bytes=5000-10000')).toEqual([416, 'bytes */2048', '']);
    expect((await ranged('bytes=500-0'))[0]).toBe(416);
  });

  test('mounting links without sending; without a right on the source it is an ordinary upload (R20)', async () => {
    const digest = await acme.pushBlob('acme/source', 'mount me');
    const mount = (as: string, into: string) =>
      acme.send('POST', `/v2/${into}/blobs/uploads/?mount=${digest}&from=acme/source`, { as });
    const mounted = await mount(acme.writer, 'acme/target');
    expect([mounted.status, mounted.headers.get('location')]).toEqual([201, `/v2/acme/target/blobs/${digest}`]);
    expect((await acme.send('HEAD', `/v2/acme/target/blobs/${digest}`, { as: acme.writer })).status).toBe(200);
    expect((await mount(acme.outsider, 'oscar/own')).status).toBe(202);
    expect((await acme.send('HEAD', `/v2/oscar/own/blobs/${digest}`, { as: acme.outsider })).status).toBe(404);
  });

  test('a deleted blob is gone from this repository alone', async () => {
    const digest = await acme.pushBlob('acme/one', 'in two places');
    await acme.pushBlob('acme/two', 'in two places');
    expect((await acme.send('DELETE', `/v2/acme/one/blobs/${digest}`, { as: acme.writer })).status).toBe(202);
    expect((await acme.send('HEAD', `/v2/acme/one/blobs/${digest}`, { as: acme.writer })).status).toBe(404);
    expect((await acme.send('HEAD', `/v2/acme/two/blobs/${digest}`, { as: acme.writer })).status).toBe(200);
  });
});
