import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { ConfigError, describeConfig, readConfig } from './config.ts';

const schema = z.object({
  PORT: z.coerce.number().int().min(1).max(65_535).default(8080).describe('the port'),
  URL: z.url().optional().describe('the address'),
  KEY: z.string().min(8).describe('a secret').optional(),
});

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'escale-config-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

function problems(environment: Record<string, string>): string[] {
  try {
    readConfig(schema, environment);
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n');
    throw error;
  }
  return [];
}

test('what is set is read, what is not has its default, and nothing can be changed', () => {
  const config = readConfig(schema, { PORT: '9000', UNKNOWN: 'x' });
  expect(config).toEqual({ PORT: 9000 });
  expect(readConfig(schema, {})).toEqual({ PORT: 8080 });
  expect(Object.isFrozen(config)).toBe(true);
});

test('an empty variable counts as not set, as compose files write it', () => {
  expect(readConfig(schema, { PORT: '', URL: '' })).toEqual({ PORT: 8080 });
});

test('every problem is told at once, one a line, without the values', () => {
  const told = problems({ PORT: 'eighty', URL: 'nowhere', KEY: 'short' });
  expect(told.map((line) => line.split(':')[0])).toEqual(['PORT', 'URL', 'KEY']);
  expect(told.join()).not.toMatch(/eighty|nowhere|short/);
});

test('NAME_FILE names a file that holds the value, its last line break aside', () => {
  const file = path.join(folder, 'key');
  writeFileSync(file, 'from the file\n');
  expect(readConfig(schema, { KEY_FILE: file })).toMatchObject({ KEY: 'from the file' });
});

test('a file that cannot be read, and both ways at once, are problems', () => {
  const file = path.join(folder, 'key2');
  writeFileSync(file, 'from the file');
  expect(problems({ KEY_FILE: path.join(folder, 'missing') })).toEqual(['KEY_FILE: the file cannot be read']);
  expect(problems({ KEY: 'from the environment', KEY_FILE: file })).toEqual([
    'KEY: set either it or KEY_FILE, not both',
  ]);
});

test('a schema describes itself, through its wrappers too', () => {
  expect(describeConfig(schema)).toEqual([
    { name: 'PORT', default: '8080', description: 'the port' },
    { name: 'URL', default: '', description: 'the address' },
    { name: 'KEY', default: '', description: 'a secret' },
  ]);
});
