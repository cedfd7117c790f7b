import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { RepeatedWarning } from './repeated-warning.ts';

let lines: { facts: Record<string, unknown>; message: string }[];
const logger = {
  warn: (facts: Record<string, unknown>, message: string) => {
    lines.push({ facts, message });
  },
} as never;
beforeEach(() => {
  lines = [];
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('ten lines a minute, then the number of the others; the next minute begins anew', () => {
  const warning = new RepeatedWarning(logger, 'a token was refused');
  for (let count = 0; count < 1000; count += 1) warning.note(new Error('bad signature'));
  expect(lines).toHaveLength(10);
  expect(lines[0]).toEqual({ facts: { reason: 'bad signature' }, message: 'a token was refused' });
  vi.advanceTimersByTime(60_000);
  expect(lines.slice(10)).toEqual([{ facts: { more: 990 }, message: 'a token was refused' }]);
  warning.note(new Error('bad signature'));
  expect(lines).toHaveLength(12);
});

test('a quiet minute says nothing more', () => {
  const warning = new RepeatedWarning(logger, 'a token was refused');
  warning.note(new Error('once'));
  vi.advanceTimersByTime(120_000);
  expect(lines).toHaveLength(1);
});

test('what was only counted is written at the end', () => {
  const warning = new RepeatedWarning(logger, 'a token was refused');
  for (let count = 0; count < 12; count += 1) warning.note('x');
  warning.close();
  expect(lines.at(-1)?.facts).toEqual({ more: 2 });
});

test('a line is short whatever was sent, has no stack, breaks nowhere and holds no token', () => {
  const warning = new RepeatedWarning(logger, 'a token was refused');
  warning.note(new Error(`unexpected ${'x'.repeat(100_000)}`, { cause: new Error('cause') }));
  warning.note(new Error('outer', { cause: new Error('line\nbreak eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln') }));
  expect(JSON.stringify(lines[0]).length).toBeLessThan(300);
  expect(lines[1]?.facts['reason']).toBe('outer: line break eyJ***');
});
