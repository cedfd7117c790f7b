import { chmod, chown, lchown, mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
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

test('a secret is never written through a link that was put in its way', async () => {
  const folder = await openDataFolder(path.join(root, 'links'));
  const target = path.join(root, 'target');
  await writeFile(target, 'precious');
  await symlink(target, path.join(folder.path, 'key.new'));
  expect(await folder.secret('key', 32)).toHaveLength(32);
  expect(await readFile(target, 'utf8')).toBe('precious');
  await folder.release();
});

test('write permission of others on the folder is taken away', async () => {
  const open = path.join(root, 'open');
  await mkdir(open);
  await chmod(open, 0o777);
  const folder = await openDataFolder(open);
  expect((await stat(open)).mode & 0o777).toBe(0o755);
  await folder.release();
});

if (process.getuid?.() === 0)
  test('root refuses the folder of another user, and a link that another user made', async () => {
    const theirs = path.join(root, 'theirs');
    await mkdir(theirs);
    await chown(theirs, 65_534, 65_534);
    await expect(openDataFolder(theirs)).rejects.toThrow(/belongs to another user \(uid 65534\): start as that user/);
    const link = path.join(root, 'link');
    await symlink(root, link);
    await lchown(link, 65_534, 65_534);
    await expect(openDataFolder(link)).rejects.toThrow(/is a link that another user made/);
  });
