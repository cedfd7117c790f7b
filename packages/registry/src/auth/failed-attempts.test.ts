import { expect, test } from 'vitest';
import { FailedAttempts, sourceOf } from './failed-attempts.ts';

test('the eleventh failure of an account from one source is told to wait, and the wait ends (T43)', () => {
  let clock = 0;
  const attempts = new FailedAttempts(1, () => clock);
  const noted = Array.from({ length: 11 }, () => attempts.note('acme+ci', '192.0.2.7'));
  expect(noted.slice(0, 10)).toEqual(Array(10).fill(undefined));
  expect(noted[10]).toBe(900);
  clock = 600_000;
  expect(attempts.note('acme+ci', '192.0.2.99')).toBe(300);
  clock = 900_001;
  expect(attempts.note('acme+ci', '192.0.2.7')).toBeUndefined();
});

test('many accounts from one source count together; another source has room of its own', () => {
  const attempts = new FailedAttempts(1, () => 0);
  for (let index = 0; index < 10; index += 1) expect(attempts.note(`user${index}`, '192.0.2.7')).toBeUndefined();
  expect(attempts.note('user10', '192.0.2.8')).toBe(900);
  expect(attempts.note('user10', '198.51.100.1')).toBeUndefined();
});

test('memory is bounded whatever comes', () => {
  const attempts = new FailedAttempts(1, () => 0);
  for (let index = 0; index < 30_000; index += 1) attempts.note(`user${index}`, `10.${index >> 8}.${index & 255}.1`);
  for (let index = 0; index < 10; index += 1) attempts.note('last', '203.0.113.1');
  expect(attempts.note('last', '203.0.113.1')).toBe(900);
});

test.each([
  ['192.0.2.7', '192.0.2.0/24'],
  ['::ffff:192.0.2.7', '192.0.2.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s comes from %s', (address, source) => {
  expect(sourceOf(address)).toBe(source);
});
