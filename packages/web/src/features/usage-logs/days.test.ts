import { expect, test } from 'vitest';
import { boundsOf, eachDay, lastDays } from './days.ts';

test('the last seven days end with today, and their bounds hold all of the last day', () => {
  const days = lastDays(7, new Date('2026-03-02T23:30:00Z'));
  expect(days).toEqual({ first: '2026-02-24', last: '2026-03-02' });
  expect(boundsOf(days)).toEqual({ from: '2026-02-24T00:00:00.000Z', to: '2026-03-03T00:00:00.000Z' });
  expect(eachDay(days)).toEqual([
    ...['2026-02-24', '2026-02-25', '2026-02-26', '2026-02-27', '2026-02-28'],
    ...['2026-03-01', '2026-03-02'],
  ]);
});

test('one day is one day, and days that run backwards are none', () => {
  expect(eachDay({ first: '2026-03-01', last: '2026-03-01' })).toEqual(['2026-03-01']);
  expect(eachDay({ first: '2026-03-02', last: '2026-03-01' })).toEqual([]);
});
