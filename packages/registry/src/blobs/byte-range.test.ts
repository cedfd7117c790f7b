import { expect, test } from 'vitest';
import { readRanges } from './byte-range.ts';

test.each([
  ['', undefined],
  ['bytes=0-9', [[0, 9]]],
  ['BYTES=0-9', [[0, 9]]],
  ['bytes=90-', [[90, 99]]],
  ['bytes=-10', [[90, 99]]],
  ['bytes=-1000', [[0, 99]]],
  ['bytes=95-200', [[95, 99]]],
  [
    'bytes=0-0, 50-59 ,-1',
    [
      [0, 0],
      [50, 59],
      [99, 99],
    ],
  ],
  [
    'bytes=50-59,0-9',
    [
      [50, 59],
      [0, 9],
    ],
  ],
  ['bytes=100-,0-9', [[0, 9]]],
  ['bytes=100-', 'unsatisfiable'],
  ['bytes=9-0', 'unsatisfiable'],
  ['bytes=-0', 'unsatisfiable'],
  ['bytes=0-,0-', undefined],
  ['items=0-9', undefined],
  ['bytes=a-b', undefined],
  ['bytes=', undefined],
  ['bytes=-', undefined],
  ['bytes=0-9,,', undefined],
  [`bytes=${Array(256).fill('-0').join()},1-1`, 'unsatisfiable'],
  [`bytes=${Array(255).fill('-0').join()},1-1`, [[1, 1]]],
])('of 100 bytes, "%s" asks for %j', (header, expected) => {
  const ranges = readRanges(header, 100);
  expect(Array.isArray(ranges) ? ranges.map(({ start, end }) => [start, end]) : ranges).toEqual(expected);
});

test('of nothing, no range can be had', () => {
  expect(readRanges('bytes=0-', 0)).toBe('unsatisfiable');
  expect(readRanges('bytes=-5', 0)).toBe('unsatisfiable');
});
