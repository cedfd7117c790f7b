import { expect, test } from 'vitest';
import { isOwnHost } from './own-host.ts';

test.each([
  [undefined, true],
  ['registry.example.org', true],
  ['REGISTRY.example.org:8443', true],
  ['localhost:8080', true],
  ['127.0.0.1:8080', true],
  ['10.1.2.3', true],
  ['[::1]:8080', true],
  ['[fe80::1]', true],
  ['', false],
  ['evil.example', false],
  ['registry.example.org.evil.example', false],
  ['evil.example:80@registry.example.org', false],
  ['registry.example.org, evil.example', false],
  ['registry.example.org/evil.example', false],
  ['registry.example.org.', false],
  ['localhost.evil.example', false],
  ['127.0.0.1.evil.example', false],
  ['[::1', false],
  ['::1', false],
  ['registry.example.org:', false],
])('%s: %s', (header, own) => {
  expect(isOwnHost(header, 'registry.example.org')).toBe(own);
});
