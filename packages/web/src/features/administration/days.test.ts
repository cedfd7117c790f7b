import { expect, test } from 'vitest';
import { daysOf, numberOrNull } from './days.ts';

test('an empty field is no limit, which is not zero', () => {
  expect(numberOrNull(' ')).toBeNull();
  expect(numberOrNull('0')).toBe(0);
  expect(numberOrNull('90')).toBe(90);
});

test('days are read however they are separated, once each and ascending', () => {
  expect(daysOf('14, 1 7;7  0')).toEqual([0, 1, 7, 14]);
  expect(daysOf('a week')).toEqual([]);
});
