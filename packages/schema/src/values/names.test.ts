import { describe, expect, test } from 'vitest';
import { parseDigest } from './digest.ts';
import { isReservedNamespace, isWellFormedName, nameCandidate } from './namespace-name.ts';
import { parseReference } from './reference.ts';
import { parseRepositoryName } from './repository-name.ts';
import { atLeast, highestRole, repositoryRoles } from './role.ts';
import { parseScope, parseScopes } from './scope.ts';
import { parseTagName } from './tag-name.ts';

test.each(['acme/app', 'a/b', 'a0/b__c', 'a/b--c', 'a/b.c_d-e', 'org/deep/er/name', `a/${'b'.repeat(253)}`])(
  '%s is a repository',
  (name) => {
    expect(parseRepositoryName(name)).toBe(name);
  },
);
test.each([
  'app',
  'Acme/app',
  'a//b',
  'a/',
  '/a',
  'a/-b',
  'a/b_',
  'a/b..c',
  'a/b___c',
  'a/b c',
  'a/é',
  `a/${'b'.repeat(254)}`,
  '',
])('%s is none', (name) => {
  expect(parseRepositoryName(name)).toBeUndefined();
});

test.each(['latest', '_x', '1.0-rc', 'a'.repeat(128), '__proto__'])('%s is a tag', (name) => {
  expect(parseTagName(name)).toBe(name);
});
test.each(['.a', '-a', 'a:b', 'a/b', 'a'.repeat(129), '', 'a\n'])('%j is no tag', (name) => {
  expect(parseTagName(name)).toBeUndefined();
});

test('a digest has its algorithm’s exact length, in lower case', () => {
  expect(parseDigest(`sha256:${'0'.repeat(64)}`)).toBeDefined();
  expect(parseDigest(`sha512:${'0'.repeat(128)}`)).toBeDefined();
  for (const bad of [
    `sha256:${'0'.repeat(63)}`,
    `sha256:${'A'.repeat(64)}`,
    `sha384:${'0'.repeat(96)}`,
    `SHA256:${'0'.repeat(64)}`,
    'sha256:',
    'constructor:x',
  ]) {
    expect(parseDigest(bad)).toBeUndefined();
  }
});

test('a reference is a tag or a digest; what is neither says which it tried to be', () => {
  expect(parseReference('1')).toEqual({ kind: 'tag', tag: '1' });
  expect(parseReference('sha256:x')).toBe('bad-digest');
  expect(parseReference(`other:${'0'.repeat(64)}`)).toBe('bad-digest');
  expect(parseReference('.x')).toBe('bad-tag');
  expect(parseReference('a:b')).toBe('bad-tag');
});

describe('names of users and organizations', () => {
  test.each(['al', 'a.b', 'a-b_c', '0x', 'a'.repeat(255)])('%s is well formed', (name) => {
    expect(isWellFormedName(name)).toBe(true);
  });
  test.each(['a', 'A1', 'a..b', '-a', 'a-', 'a+b', 'a'.repeat(256), 'a b', 'é1'])('%s is not', (name) => {
    expect(isWellFormedName(name)).toBe(false);
  });
  test.each(['v2', 'graphql', 'settings', 'library', '_x'])('%s belongs to the product', (name) => {
    expect(isReservedNamespace(name)).toBe(true);
  });
  test.each([
    ['Zoë.Müller@example.org', 'zoe.muller'],
    ['a', 'a0'],
    ['__x__', 'x0'],
    ['日本', '00'],
    ['A  B..c', 'a_b_c'],
    ['x'.repeat(300), 'x'.repeat(200)],
  ])('%s becomes a candidate that is well formed', (text, name) => {
    expect(nameCandidate(text)).toBe(name);
    expect(isWellFormedName(nameCandidate(text))).toBe(true);
  });
});

test('scopes are read in either form; what we do not know grants nothing', () => {
  expect(parseScope('repository:acme/app:pull,push')).toEqual({
    kind: 'repository',
    name: 'acme/app',
    actions: ['pull', 'push'],
  });
  expect(parseScope('repository:acme/app:*')).toMatchObject({ actions: ['pull', 'push', 'delete'] });
  expect(parseScope('repository(plugin):acme/app:pull')).toMatchObject({ kind: 'repository' });
  expect(parseScope('registry:catalog:*')).toEqual({ kind: 'catalog' });
  expect(parseScopes(['repository:a/b:pull repository:c/d:push', 'nonsense']).map(({ kind }) => kind)).toEqual([
    'repository',
    'repository',
    'unknown',
  ]);
});

test('roles are a ladder', () => {
  expect(repositoryRoles.map((role) => repositoryRoles.filter((needed) => atLeast(role, needed)))).toEqual([
    ['read'],
    ['read', 'write'],
    ['read', 'write', 'admin'],
  ]);
  expect(highestRole(['read', 'admin', 'write'])).toBe('admin');
  expect(highestRole([])).toBeUndefined();
});
