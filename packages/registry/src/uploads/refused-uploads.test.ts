import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { answered, openRefusalScene, type RefusalScene } from '../testing/refusal-scene.ts';
import { digestOf, type RegistryClient } from '../testing/registry-client.ts';

/** What must be refused, exactly so, leaving nothing behind (docs/guarantees.md, R1 to R25). */
let scene: RefusalScene;
beforeAll(async () => {
  scene = await openRefusalScene(inject('databaseServerUrl'));
});
afterAll(() => scene.close());
beforeEach(() => scene.count());
afterEach(() => scene.expectNothingNew());

describe('uploads', () => {
  test('R22 an upload of another repository, of somebody else, finished, or never begun: the same 404', async () => {
    const mine = await scene.begin(scene.writer, 'org/shared');
    const finished = await scene.begin(scene.writer, 'org/shared');
    await scene.writer.send('PUT', `${finished}?digest=${digestOf('layer')}`, { body: 'layer' });
    await scene.count();
    const id = (location: string) => location.slice(location.lastIndexOf('/') + 1);
    const random = '00000000-0000-4000-8000-000000000000';
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      const ask = (client: RegistryClient, repository: string, upload: string) =>
        client.send(method, `/v2/${repository}/blobs/uploads/${upload}?digest=${digestOf('x')}`, {
          ...(method.startsWith('P') && { body: 'x' }),
        });
      const answers = [
        await ask(scene.writer, 'org/b', id(mine)),
        await ask(scene.colleague, 'org/shared', id(mine)),
        await ask(scene.writer, 'org/shared', id(finished)),
        await ask(scene.writer, 'org/shared', random),
        await ask(scene.writer, 'org/shared', 'no-uuid'),
      ];
      expect([method, ...answers.map(({ status }) => status)]).toEqual([method, 404, 404, 404, 404, 404]);
      expect(new Set(answers.map(({ text }) => text)).size).toBe(1);
      expect(answers[0]?.code).toBe('BLOB_UPLOAD_UNKNOWN');
    }
  });

  test.each([
    ['a gap', '5-8', 416, 'BLOB_UPLOAD_INVALID', '0-3'],
    ['an overlap', '2-5', 416, 'BLOB_UPLOAD_INVALID', '0-3'],
    ['the start again', '0-3', 416, 'BLOB_UPLOAD_INVALID', '0-3'],
    ['a range backwards', '5-1', 400, 'BLOB_UPLOAD_INVALID', null],
    ['a unit', 'bytes=4-7', 400, 'BLOB_UPLOAD_INVALID', null],
    ['20 digits', '4-99999999999999999999', 400, 'BLOB_UPLOAD_INVALID', null],
    ['another length', '4-99', 400, 'SIZE_INVALID', null],
  ])('R23 a chunk with %s', async (_what, range, status, code, held) => {
    const location = await scene.begin();
    await scene.writer.send('PATCH', location, { headers: { 'Content-Range': '0-3' }, body: 'abcd' });
    for (const [method, query] of [
      ['PATCH', ''],
      ['PUT', `?digest=${digestOf('abcdefgh')}`],
    ] as const) {
      const answer = await scene.writer.send(method, location + query, {
        headers: { 'Content-Range': range },
        body: 'efgh',
      });
      expect([...answered(answer), answer.headers.get('range')]).toEqual([status, code, held]);
    }
    expect((await scene.writer.send('GET', location)).headers.get('range')).toBe('0-3');
    await scene.writer.send('DELETE', location);
  });

  test('R23 an upload closed without a digest', async () => {
    const location = await scene.begin();
    expect(answered(await scene.writer.send('PUT', location, { body: 'x' }))).toEqual([400, 'DIGEST_INVALID']);
    await scene.writer.send('DELETE', location);
  });
});
