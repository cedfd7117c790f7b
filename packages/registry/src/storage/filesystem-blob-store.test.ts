import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
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

test.skipIf(process.platform !== 'linux')(
  'a full disk is said in words (D28; on Linux, which has one to try)',
  async () => {
    const store = new FilesystemBlobStore({ folder: path.join(folder, 'full') });
    await store.prepare();
    const upload = '01a2102e-87b3-722e-a772-0acfecd60e3e';
    await symlink('/dev/full', path.join(folder, 'full', 'uploads', upload));
    const writer = store.openUpload(upload, { parts: [], tail: new Uint8Array() });
    await expect(writer.write(Buffer.from('more'))).rejects.toThrow(/the disk is full/);
    await writer.abort();
  },
);
