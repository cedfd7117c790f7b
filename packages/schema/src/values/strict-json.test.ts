import { expect, test } from 'vitest';
import { JsonRefused, parseStrictJson } from './strict-json.ts';

const parse = (text: string) => parseStrictJson(Buffer.from(text));

test.each([
  '{}',
  '[]',
  'null',
  ' {"a": [1, -2, true, {"b": "\\u0041\\n"}], "c": {}} ',
  '{"constructor": 1, "__proto__": 2}',
  '"text"',
])('%s means what JSON.parse makes of it', (text) => {
  expect(parse(text)).toEqual(JSON.parse(text));
});

test.each([
  ['', /value is missing/],
  ['{"a":1', /comma or an end/],
  ['{"a":1}}', /follows the value/],
  ['{"a":1,}', /key is missing/],
  ['[1,]', /value is missing/],
  ['{"a":1,"a":2}', /occurs twice/],
  ['{"a":1,"\\u0061":2}', /occurs twice/],
  ['{"x":{"a":1,"a":2}}', /occurs twice/],
  ['[1.5]', /safe integer/],
  ['[1e3]', /safe integer/],
  ['[9007199254740993]', /safe integer/],
  ['[01]', /comma or an end/],
  ["{'a':1}", /key is missing/],
  ['"a\nb"', /string is broken/],
  ['[NaN]', /value is missing/],
  ['["\\u0000"]', /no text/],
  ['{"\\ud83d":1}', /no text/],
  ['\uFEFF{}', /byte-order mark/],
])('%s is refused', (text, why) => {
  expect(() => parse(text)).toThrow(JsonRefused);
  expect(() => parse(text)).toThrow(why);
});

test('bytes that are not UTF-8 are refused', () => {
  expect(() => parseStrictJson(Buffer.from([0x22, 0xff, 0x22]))).toThrow(/not UTF-8/);
});

test('32 levels are taken, 33 and two million are refused, without recursion', () => {
  expect(parse('['.repeat(32) + ']'.repeat(32))).toBeDefined();
  expect(() => parse('['.repeat(33) + ']'.repeat(33))).toThrow(/deeper than 32/);
  expect(() => parse('['.repeat(2_000_000))).toThrow(/deeper than 32/);
});
