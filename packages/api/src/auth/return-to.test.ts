import { describe, expect, test } from 'vitest';
import { safeReturnTo } from './return-to.ts';

describe('where to go after signing in', () => {
  test.each(['/', '/acme/app', '/acme/app?tab=tags&x=%2F%2Fy', '/search?q=a//b', '/a#part', '/a:b@c'])(
    'our own path %s is kept',
    (path) => {
      expect(safeReturnTo(path)).toBe(path);
    },
  );

  test.each([
    undefined,
    null,
    '',
    'acme',
    'https://evil.example/',
    '//evil.example',
    '///evil.example',
    '/\\evil.example',
    '\\\\evil.example',
    '/a\\..\\evil',
    '/\t/evil.example',
    '/\n//evil.example',
    '\t//evil.example',
    ' //evil.example',
    'javascript:alert(1)',
    'data:text/html,x',
    '/\u0000',
    `/${'a'.repeat(2048)}`,
  ])('%j leads to the first page', (asked) => {
    expect(safeReturnTo(asked)).toBe('/');
  });

  test('whatever is kept stays on our origin for a browser', () => {
    for (const path of ['/a', '/a/../..//b', '/.//evil.example', '/%2F/evil.example', '/%5Cevil.example', '/;//x']) {
      expect(new URL(safeReturnTo(path), 'https://registry.example.org').origin).toBe('https://registry.example.org');
    }
  });
});
