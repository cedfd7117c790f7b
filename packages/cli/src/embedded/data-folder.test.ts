import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { DataFolderInUse, openDataFolder } from './data-folder.ts';

const root = await mkdtemp(path.join(tmpdir(), 'escale-folder-'));
afterAll(() => rm(root, { recursive: true, force: true }));

test('a folder belongs to one start at a time; the second is told who has it', async () => {
  const first = await openDataFolder(path.join(root, 'one'));
  await expect(openDataFolder(path.join(root, 'one'))).rejects.toThrow(DataFolderInUse);
  await expect(openDataFolder(path.join(root, 'one'))).rejects.toThrow(`process ${process.pid}`);
  await first.release();
  const second = await openDataFolder(path.join(root, 'one'));
  await second.release();
});

test('a secret is made once, kept for its owner alone, and found again', async () => {
  const folder = await openDataFolder(path.join(root, 'two'));
  const made = await folder.secret('key', 32);
  expect(made).toHaveLength(32);
  expect(await folder.secret('key', 32)).toEqual(made);
  expect((await stat(path.join(folder.path, 'key'))).mode & 0o777).toBe(0o600);
  expect((await stat(folder.path)).mode & 0o777).toBe(0o700);
  await writeFile(path.join(folder.path, 'key'), 'short\n');
  await expect(folder.secret('key', 32)).rejects.toThrow(/damaged/);
  await folder.release();
});
