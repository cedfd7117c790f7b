import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { expect, test } from 'vitest';
import { root } from './imports.ts';

test('README.md and .env.example list the configuration as the schema has it', () => {
  const { status, stderr } = spawnSync(process.execPath, [path.join(root, 'scripts/config-docs.mjs'), '--check'], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
});
