import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { crash } from '../crash/run.ts';

test('50 kills of the server and of PostgreSQL: nothing acknowledged is lost and no byte is wrong, also after collecting garbage (P1, P3, P6)', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'escale-crash-'));
  const report = await crash({ kills: 50, seed: Date.now() % 2 ** 31, blobStore: 'filesystem', folder, pause: 150 });
  expect(report).toMatchObject({ kills: 50, complaints: [] });
  expect(report.acknowledged).toBeGreaterThan(50);
  await rm(folder, { recursive: true, force: true });
}, 400_000);
