import { expect, test } from 'vitest';
import en from './en.json';
import fr from './fr.json';

const keysOf = (messages: object, prefix = ''): string[] =>
  Object.entries(messages).flatMap(([key, value]) =>
    typeof value === 'string' ? [`${prefix}${key}`] : keysOf(value as object, `${prefix}${key}.`),
  );
const placeholders = (text: string) => [...text.matchAll(/\{\w+\}/g)].map(([name]) => name).sort();
const at = (messages: object, key: string) =>
  key.split('.').reduce<unknown>((inner, part) => (inner as Record<string, unknown>)[part], messages) as string;

test('English and French say the same things, with the same names in them', () => {
  expect(keysOf(fr)).toEqual(keysOf(en));
  for (const key of keysOf(en)) {
    expect([key, ...placeholders(at(fr, key))]).toEqual([key, ...placeholders(at(en, key))]);
    expect(at(fr, key)).not.toBe('');
  }
});
