import { expect, test } from 'vitest';
import { placed } from './tag-order.ts';

const tag = (name: string, { digest = 'sha256:a', pushedAt = '1' } = {}) => ({ name, digest, pushedAt });

test('a tag that is new or moved comes first by push, at its place by name, and by size the server says where', () => {
  expect(placed(['b', 'a'], undefined, tag('c'), 'PUSHED')).toEqual(['c', 'b', 'a']);
  expect(placed(['b', 'a'], tag('a'), tag('a', { pushedAt: '2' }), 'PUSHED')).toEqual(['a', 'b']);
  expect(placed(['1', 'B', 'b'], undefined, tag('a'), 'NAME')).toEqual(['1', 'B', 'a', 'b']);
  expect(placed(['1', 'b'], undefined, tag('c'), 'NAME')).toEqual(['1', 'b', 'c']);
  expect(placed(['b', 'a'], undefined, tag('c'), 'SIZE')).toBeUndefined();
  expect(placed(['b', 'a'], tag('a'), tag('a', { digest: 'sha256:b' }), 'SIZE')).toBeUndefined();
});

test('a tag of which only a property changed stays where it is', () => {
  const names = ['b', 'a'];
  for (const order of ['PUSHED', 'NAME', 'SIZE'] as const) expect(placed(names, tag('a'), tag('a'), order)).toBe(names);
  // It was never looked up: whether it was pushed meanwhile, nobody here knows.
  expect(placed(names, undefined, tag('a'), 'PUSHED')).toBeUndefined();
});
