import { expect, test } from 'vitest';
import { furtherOrigins, hostNamesOf, isOwnHost, loopbackSiblings, readOrigin } from './own-host.ts';

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
  expect(isOwnHost(header, hostNamesOf(['https://registry.example.org']))).toBe(own);
});

test('every name of the configuration is ours, with any port', () => {
  const names = hostNamesOf(['https://registry.example.org', 'http://registry.escale.svc:8080']);
  for (const header of ['registry.escale.svc', 'registry.escale.svc:8080', 'Registry.Escale.SVC:80'])
    expect([header, isOwnHost(header, names)]).toEqual([header, true]);
  expect(isOwnHost('escale.svc', names)).toBe(false);
});

test.each([
  ['registry.svc', 'https://registry.svc'],
  ['registry.svc:5000', 'https://registry.svc:5000'],
  ['http://registry.svc:8080/', 'http://registry.svc:8080'],
  ['HTTPS://Mirror.Example.org:443', 'https://mirror.example.org'],
  ['[fd00::1]:5000', 'https://[fd00::1]:5000'],
  ['registry.svc/path', undefined],
  ['https://registry.svc/path', undefined],
  ['https://user:password@registry.svc', undefined],
  ['https://registry.svc?x', undefined],
  ['https://registry.svc:99999', undefined],
  ['ftp://registry.svc', undefined],
  ['*.example.org', undefined],
  ['https://', undefined],
])('an origin: %s', (text, origin) => {
  expect(readOrigin(text, 'https:')).toBe(origin);
});

test.each([
  ['registry.svc', 'http://localhost:8080', ['http://registry.svc', 'http://registry.svc:8080']],
  ['Registry.svc/', 'https://registry.example.org:8443', ['https://registry.svc', 'https://registry.svc:8443']],
  ['[fd00::1]', 'http://localhost:8080', ['http://[fd00::1]', 'http://[fd00::1]:8080']],
  ['registry.svc', 'https://registry.example.org', ['https://registry.svc']],
  ['registry.svc:80', 'http://localhost:8080', ['http://registry.svc']],
  ['http://registry.svc', 'http://localhost:8080', ['http://registry.svc']],
  ['registry.svc/path', 'http://localhost:8080', []],
])('%s beside %s', (text, externalUrl, origins) => {
  expect(furtherOrigins(text, externalUrl)).toEqual(origins);
});

test('a loopback origin has the other loopback names too; any other origin has none', () => {
  expect(loopbackSiblings('http://localhost:8080')).toEqual(['http://127.0.0.1:8080', 'http://[::1]:8080']);
  expect(loopbackSiblings('https://127.0.0.1')).toEqual(['https://localhost', 'https://[::1]']);
  expect(loopbackSiblings('https://registry.example.org')).toEqual([]);
});
