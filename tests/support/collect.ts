import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Stack } from './stack.ts';

const main = path.resolve(import.meta.dirname, '../../packages/cli/dist/main.js');

/** Collects garbage without any grace beside the running product, as its operator would. @throws Error when that fails */
export async function collect({ dataDir }: Pick<Stack, 'dataDir'>): Promise<void> {
  await promisify(execFile)(process.execPath, [main, 'gc', '--data', dataDir, '--grace', '0']);
}
