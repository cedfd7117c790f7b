import { expect, test } from 'vitest';
import { inShort } from './platforms.ts';

test('a system is said once for the platforms that follow each other', () => {
  expect(inShort(['linux/amd64', 'linux/arm64/v8', 'windows/amd64', 'linux/riscv64'])).toBe(
    'linux/amd64, arm64/v8, windows/amd64, linux/riscv64',
  );
  expect(inShort(['linux/amd64'])).toBe('linux/amd64');
  expect(inShort(['unknown', 'unknown'])).toBe('unknown, unknown');
  expect(inShort([])).toBe('');
});
