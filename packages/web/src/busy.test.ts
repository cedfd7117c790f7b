import { expect, test } from 'vitest';
import { begin, end, giveUp, isBusy } from './busy.ts';

test('what was begun twice is under way until its second end', () => {
  begin('question');
  begin('question');
  end('question');
  expect(isBusy.value).toBe(true);
  end('question');
  expect(isBusy.value).toBe(false);
});

test('what is given up is over however often it was begun, and an end that comes late ends nothing else', () => {
  begin('question');
  begin('question');
  begin('other');
  giveUp('question');
  end('question');
  expect(isBusy.value).toBe(true);
  end('other');
  expect(isBusy.value).toBe(false);
});
