import { chmod, lstat, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeEach, expect, test } from 'vitest';
import { openServerLog, rotate } from './server-log.ts';

const root = await mkdtemp(path.join(tmpdir(), 'escale-log-'));
afterAll(() => rm(root, { recursive: true, force: true }));
let folder: string;
let file: string;
beforeEach(async () => {
  folder = await mkdtemp(path.join(root, 'case-'));
  file = path.join(folder, 'postgres.log');
});

async function append(text: string): Promise<void> {
  const log = await openServerLog(file);
  await log.writeFile(text);
  await log.close();
}

test('the log is its owner’s alone, and later starts append to it', async () => {
  await append('one\n');
  await append('two\n');
  expect(await readFile(file, 'utf8')).toBe('one\ntwo\n');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
});

test('nothing is written through a link, nor does it take the permissions of what it leads to', async () => {
  const target = path.join(folder, 'target');
  await writeFile(target, 'precious', { mode: 0o644 });
  await symlink(target, file);
  await append('line\n');
  expect([await readFile(target, 'utf8'), (await stat(target)).mode & 0o777]).toEqual(['precious', 0o644]);
  expect((await lstat(file)).isFile()).toBe(true);
});

test('a log that others could read begins anew: it holds statements', async () => {
  await writeFile(file, 'STATEMENT: insert into repositories values (secret)\n');
  await chmod(file, 0o644);
  await append('line\n');
  expect([await readFile(file, 'utf8'), (await stat(file)).mode & 0o777]).toEqual(['line\n', 0o600]);
});

test('beyond its limit it is kept aside once, and who writes to it goes on', async () => {
  const log = await openServerLog(file);
  await log.writeFile('first\n'.repeat(10));
  await rotate(file, 30);
  await log.writeFile('second\n'.repeat(10));
  await rotate(file, 30);
  await log.writeFile('third\n');
  await rotate(file, 30);
  await log.close();
  expect(await readFile(file, 'utf8')).toBe('third\n');
  expect(await readFile(`${file}.1`, 'utf8')).toBe('second\n'.repeat(10));
  expect((await stat(`${file}.1`)).mode & 0o777).toBe(0o600);
});
