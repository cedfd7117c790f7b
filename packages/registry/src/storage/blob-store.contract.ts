import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { finished } from 'node:stream/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { blobKey } from './blob-keys.ts';
import { StagedPartsMissing, type BlobKey, type BlobStore, type ByteRange, type StagedUpload } from './blob-store.ts';

const sha256 = (content: Uint8Array) => `sha256:${createHash('sha256').update(content).digest('hex')}`;
const mebibyte = 1024 * 1024;

/** An upload that holds no bytes yet. */
export const nothing: StagedUpload = { parts: [], tail: new Uint8Array() };

/** What every blob store promises. @param open gives a store over the same bytes each time it is called */
export function describeBlobStore(name: string, open: () => Promise<BlobStore>): void {
  describe(`${name} keeps the promises of a blob store`, () => {
    let store: BlobStore;
    beforeAll(async () => {
      store = await open();
      await store.prepare();
    });
    afterAll(() => store.close());

    const stage = async (
      upload: string,
      before: StagedUpload,
      content: Uint8Array,
      on = store,
    ): Promise<StagedUpload> => {
      const writer = on.openUpload(upload, before);
      for (let at = 0; at < content.length; at += 65_536) await writer.write(content.subarray(at, at + 65_536));
      return writer.flush();
    };
    const sizeOf = ({ parts, tail }: StagedUpload) => parts.reduce((sum, { length }) => sum + length, tail.length);
    const put = async (content: Uint8Array): Promise<{ key: BlobKey; upload: string }> => {
      const upload = randomUUID();
      const key = blobKey(sha256(content), upload);
      await store.openUpload(upload, await stage(upload, nothing, content)).commit(key, sha256(content));
      return { key, upload };
    };
    const get = async (key: BlobKey, range?: ByteRange): Promise<Buffer> => {
      const stream = await store.read(key, range);
      if (!stream) throw new Error('there is no such object');
      const pieces: Buffer[] = [];
      const sink = new Writable({
        write: (piece: Buffer, _encoding, done) => {
          pieces.push(Buffer.from(piece));
          setImmediate(done);
        },
      });
      expect(await store.send(key, sink, range)).toBe(true);
      // What was sent may still lie before the sink, as it does before a socket.
      await finished(sink.end());
      const read = await buffer(stream);
      expect(Buffer.concat(pieces).equals(read), 'what is sent is what is read').toBe(true);
      return read;
    };

    test.each([0, 1, 70_000, 9 * mebibyte + 7])('an object of %i bytes comes back as it went in', async (size) => {
      const content = randomBytes(size);
      const { key } = await put(content);
      expect((await get(key)).equals(content)).toBe(true);
      expect(await store.stat(key)).toMatchObject({ key, size });
    });

    test('an object arrives in several parts, the later ones through another store over the same bytes', async () => {
      const content = randomBytes(3_000_000);
      const upload = randomUUID();
      const first = await stage(upload, nothing, content.subarray(0, 1_000_000));
      const other = await open();
      const second = await stage(upload, first, content.subarray(1_000_000), other);
      expect(sizeOf(second)).toBe(content.length);
      const key = blobKey(sha256(content), upload);
      await other.openUpload(upload, second).commit(key, sha256(content));
      expect((await get(key)).equals(content)).toBe(true);
      await other.close();
    });

    test('bytes that were never acknowledged are overwritten', async () => {
      const upload = randomUUID();
      const good = randomBytes(50_000);
      const first = await stage(upload, nothing, good.subarray(0, 20_000));
      await stage(upload, first, randomBytes(100_000));
      const second = await stage(upload, first, good.subarray(20_000));
      const key = blobKey(sha256(good), upload);
      await store.openUpload(upload, second).commit(key, sha256(good));
      expect((await get(key)).equals(good)).toBe(true);
    });

    test('a commit whose answer was lost can be repeated', async () => {
      const content = randomBytes(10_000);
      const upload = randomUUID();
      const key = blobKey(sha256(content), upload);
      const staged = await stage(upload, nothing, content);
      await store.openUpload(upload, staged).commit(key, sha256(content));
      await store.openUpload(upload, staged).commit(key, sha256(content));
      expect((await get(key)).equals(content)).toBe(true);
    });

    test('the last bytes may come with the commit, many small pieces before them', async () => {
      const content = randomBytes(200_000);
      const upload = randomUUID();
      let staged = nothing;
      for (let at = 0; at < 190_000; at += 1000) {
        staged = await stage(upload, staged, content.subarray(at, at + 1000));
        expect(sizeOf(staged)).toBe(at + 1000);
      }
      expect(staged.parts.length).toBeLessThan(10);
      const key = blobKey(sha256(content), upload);
      const writer = store.openUpload(upload, staged);
      await writer.write(content.subarray(190_000));
      await writer.commit(key, sha256(content));
      expect((await get(key)).equals(content)).toBe(true);
    });

    test('a writer that gives up changes nothing', async () => {
      const upload = randomUUID();
      const staged = await stage(upload, nothing, Buffer.from('kept'));
      const writer = store.openUpload(upload, staged);
      await writer.write(randomBytes(5 * mebibyte));
      await writer.abort();
      const key = blobKey(sha256(Buffer.from('kept')), upload);
      await store.openUpload(upload, staged).commit(key, sha256(Buffer.from('kept')));
      expect((await get(key)).toString()).toBe('kept');
    });

    test.each([0, 1, 65_536])('a small content of %i bytes becomes an object at once', async (size) => {
      const content = randomBytes(size);
      const key = blobKey(sha256(content), randomUUID());
      await store.put(key, content, sha256(content));
      expect((await get(key)).equals(content)).toBe(true);
      const found = [];
      for await (const object of store.list()) if (object.key === key) found.push(object.size);
      expect(found).toEqual([size]);
    });

    test('a commit of parts that are not there is refused, and leaves nothing', async () => {
      const upload = randomUUID();
      const key = blobKey(sha256(Buffer.from('gone')), upload);
      const gone = { ...nothing, parts: [{ offset: 0, length: 4 }] };
      await expect(store.openUpload(upload, gone).commit(key, sha256(Buffer.from('gone')))).rejects.toThrow(
        StagedPartsMissing,
      );
      expect(await store.stat(key)).toBeUndefined();
    });

    test('sending stops when the reader goes away, and the store goes on', async () => {
      const content = randomBytes(3 * mebibyte);
      const { key } = await put(content);
      const sink = new Writable({
        write: (_piece, _encoding, done) => {
          sink.destroy();
          done();
        },
      });
      await expect(store.send(key, sink)).rejects.toThrow();
      expect((await get(key)).equals(content)).toBe(true);
    });

    test('staged bytes are no object', async () => {
      const content = randomBytes(1000);
      const upload = randomUUID();
      await stage(upload, nothing, content);
      expect(await store.stat(blobKey(sha256(content), upload))).toBeUndefined();
      expect(await store.read(blobKey(sha256(content), upload))).toBeUndefined();
      const sink = new Writable({ write: () => expect.fail('nothing is there to be sent') });
      expect(await store.send(blobKey(sha256(content), upload), sink)).toBe(false);
    });

    test.each([
      { start: 0, end: 0 },
      { start: 999, end: 999 },
      { start: 10, end: 500 },
    ])('a range $start-$end is both inclusive', async (range) => {
      const content = randomBytes(1000);
      const { key } = await put(content);
      expect((await get(key, range)).equals(content.subarray(range.start, range.end + 1))).toBe(true);
    });

    test('two generations of one digest live and end apart from each other', async () => {
      const content = randomBytes(1000);
      const one = await put(content);
      const two = await put(content);
      await store.delete(one.key);
      expect(await store.stat(one.key)).toBeUndefined();
      expect((await get(two.key)).equals(content)).toBe(true);
    });

    test('deleting what is not there is no error', async () => {
      const key = blobKey(sha256(randomBytes(8)), randomUUID());
      await store.delete(key);
      await store.delete(key);
      await store.discard(randomUUID());
    });

    test('the list names every object with its size', async () => {
      const { key } = await put(randomBytes(1234));
      const found = [];
      for await (const object of store.list()) if (object.key === key) found.push(object.size);
      expect(found).toEqual([1234]);
    });

    test('a mark is kept beside the objects, and is none of them', async () => {
      const text = (index: number) => JSON.stringify({ epoch: index });
      await store.writeMark(text(1));
      await store.writeMark(text(22));
      expect(await store.readMark()).toBe(text(22));
      const other = await open();
      expect(await other.readMark()).toBe(text(22));
      await other.close();
      for await (const { key } of store.list()) expect(key).not.toContain('mark');
    });

    test('names that could lead elsewhere are refused', async () => {
      for (const name of ['../x', 'a/../../b', '', 'x\0', '/etc/passwd']) {
        expect(() => store.openUpload(name, nothing)).toThrow(TypeError);
        await expect(store.stat(`sha256/ab/${name}/${name}` as BlobKey)).rejects.toThrow(TypeError);
      }
    });

    test('memory does not grow with the size of an object', async () => {
      const upload = randomUUID();
      const piece = randomBytes(mebibyte);
      const writer = store.openUpload(upload, nothing);
      const before = process.memoryUsage().rss;
      for (let count = 0; count < 64; count += 1) await writer.write(piece);
      expect(sizeOf(await writer.flush())).toBe(64 * mebibyte);
      expect(process.memoryUsage().rss - before).toBeLessThan(48 * mebibyte);
      await store.discard(upload);
    });
  });
}
