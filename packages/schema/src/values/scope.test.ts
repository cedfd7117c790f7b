import { expect, test } from 'vitest';
import { parseScope } from './scope.ts';

test.each(['repository', 'repository(plugin)', 'repository()', 'repository(a(b)'])('%s names a repository', (type) => {
  expect(parseScope(`${type}:acme/app:pull`)).toEqual({ kind: 'repository', name: 'acme/app', actions: ['pull'] });
});

test.each(['(', '()', '(a)', ')', ':', ','])(
  'a megabyte of "%s" is read in the time that its length asks for (T44)',
  (piece) => {
    const text = piece.repeat(2 ** 20 / piece.length);
    // In quadratic time this would not end before the test is given up.
    expect(parseScope(`${text}:a:pull`).kind).toBe('unknown');
  },
);
