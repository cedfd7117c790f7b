import { expect, test } from 'vitest';
import english from './en.json';
import { unbroken } from './unbroken.ts';

test('no line of a French text begins with a sign that has a space before it', () => {
  expect(unbroken({ a: { b: 'Pourquoi ? Parce que : « {text} » ; oui ! | {n}' } })).toEqual({
    a: { b: 'Pourquoi\u202f? Parce que\u00a0: «\u00a0{text}\u00a0»\u202f; oui\u202f! | {n}' },
  });
  expect(unbroken(english)).toEqual(english);
});
