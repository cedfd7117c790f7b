import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { describeBlobStore } from './blob-store.contract.ts';
import { StoreUnavailable } from './blob-store.ts';
import { FilesystemBlobStore } from './filesystem-blob-store.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'escale-blobs-'));
afterAll(() => rm(folder, { recursive: true, force: true }));

describeBlobStore('the filesystem', async () => new FilesystemBlobStore({ folder }));

test('a folder that cannot be used is said in words, as the failure of the store', async () => {
  const file = path.join(folder, 'a-file');
  await writeFile(file, '');
  await expect(new FilesystemBlobStore({ folder: file }).prepare()).rejects.toThrow(StoreUnavailable);
  await expect(new FilesystemBlobStore({ folder: path.join(folder, 'absent') }).check()).rejects.toThrow(
    /folder is gone/,
  );
});

test('staging areas are listed until they become an object or are discarded', async () => {
  const store = new FilesystemBlobStore({ folder });
  const upload = randomUUID();
  const writer = await store.openPart(upload, 0);
  await writer.write(Buffer.from('half'));
  await writer.flush();
  const staged = async () => {
    const found: string[] = [];
    for await (const area of store.listStaged()) found.push(area.upload);
    return found;
  };
  expect(await staged()).toContain(upload);
  await store.discard(upload);
  expect(await staged()).not.toContain(upload);
});
