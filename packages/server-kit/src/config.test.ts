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
  expect(problems({ KEY_FILE: path.join(folder, 'missing') })).toEqual([
    'KEY_FILE: the file cannot be read (it does not exist)',
  ]);
  expect(problems({ KEY_FILE: folder })).toEqual(['KEY_FILE: the file cannot be read (it is a folder)']);
  expect(problems({ KEY: 'from the environment', KEY_FILE: file })).toEqual([
    'KEY: set either it or KEY_FILE, not both',
  ]);
});

test('a file that is empty is a problem, and what is wrong with a value from a file names the file’s variable', () => {
  const file = path.join(folder, 'key3');
  writeFileSync(file, '\n');
  expect(problems({ KEY_FILE: file })).toEqual(['KEY_FILE: the file is empty']);
  writeFileSync(file, 'short');
  expect(problems({ KEY_FILE: file })).toEqual([expect.stringMatching(/^KEY \(from the file of KEY_FILE\): /)]);
});

test('a secret where the name of a file belongs is not repeated', () => {
  for (const secret of ['hunter2hunter2', `hunter2/${'x'.repeat(5000)}`])
    expect(problems({ KEY_FILE: secret }).join()).toMatch(/^KEY_FILE: the file cannot be read \((?!.*hunter2)/);
});

test.each([
  'postgres://user:hun/ter2@host/name',
  'postgres://user:hun?ter2@host/name',
  'postgres://user:1234#ter2@host/name',
  'postgres://user:p@ss/ter2@host:5432/name?sslmode=require',
  'https://user:1234?ter2@host',
])('a password with a character that ends the authority is refused without a part of it: %s', (url) => {
  for (const name of ['URL', 'KEY']) {
    const [problem = '', ...others] = problems({ [name]: url });
    expect(problem).toMatch(new RegExp(`^${name}: the user name and the password in it must be percent-encoded`));
    expect([others, problem.includes('ter2'), problem.includes('hun'), problem.includes('1234')]).toEqual([
      [],
      false,
      false,
      false,
    ]);
  }
});

test('a schema describes itself, through its wrappers too', () => {
  expect(describeConfig(schema)).toEqual([
    { name: 'PORT', default: '8080', description: 'the port' },
    { name: 'URL', default: '', description: 'the address' },
    { name: 'KEY', default: '', description: 'a secret' },
  ]);
});
