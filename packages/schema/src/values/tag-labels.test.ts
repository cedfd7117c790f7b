import { describe, expect, test } from 'vitest';
import { labelProblemText, parseLifetime, readTagLabels } from './tag-labels.ts';

describe('a lifetime', () => {
  test.each([
    ['1s', 1],
    ['30m', 1800],
    ['12h', 43_200],
    ['7d', 604_800],
    ['2w', 1_209_600],
    [' 2w ', 1_209_600],
    ['007d', 604_800],
  ])('%s is understood', (text, seconds) => {
    expect(parseLifetime(text)).toBe(seconds);
  });

  test.each([
    // Quay has no unit for months or years, and ours are the same.
    ...['3M', '12H', '7D', '2W', '90S', '1y', '1Y', '1mo', '1min', '5 d', '1d12h', '1.5h', '1,5h', '.5d', '1e3s'],
    ...['', ' ', 'd', '7', '0s', '0w', '-1d', '+1d', '٣d', '1d\n2d', '99999999999999999999w', 'never', 'true'],
  ])('%j is not understood', (text) => {
    expect(parseLifetime(text)).toBeUndefined();
    for (const name of ['quay.expires-after', 'escale.expires-after'])
      expect(readTagLabels({ annotations: {}, labels: [[name, text]] })).toEqual({
        expiresAfter: null,
        tagsImmutable: false,
        problems: [{ name, value: text, reason: 'not understood' }],
      });
  });

  test('one beyond 104 weeks is cut, and that is a problem to report', () => {
    const read = readTagLabels({ annotations: { 'escale.expires-after': '999999999w' } });
    expect(read).toMatchObject({ expiresAfter: 104 * 604_800, problems: [{ reason: 'too long' }] });
    expect(readTagLabels({ annotations: { 'escale.expires-after': '104w' } }).problems).toEqual([]);
  });
});

describe('immutability', () => {
  test.each([
    ['true', true],
    ['True', true],
    ['TRUE ', true],
    ['false', false],
    ['False', false],
  ])('%j is understood', (text, tagsImmutable) => {
    for (const name of ['quay.immutable', 'escale.immutable'])
      expect(readTagLabels({ annotations: { [name]: text } })).toEqual({
        expiresAfter: null,
        tagsImmutable,
        problems: [],
      });
  });

  test.each(['yes', '1', '', 'on', 'oui', 'truetrue'])('%j is not understood', (text) => {
    for (const name of ['quay.immutable', 'escale.immutable'])
      expect(readTagLabels({ annotations: { [name]: text } })).toEqual({
        expiresAfter: null,
        tagsImmutable: false,
        problems: [{ name, value: text, reason: 'not understood' }],
      });
  });
});

describe('several labels', () => {
  test('our name comes before Quay’s, and the other one is reported when it says something else', () => {
    const labels: [string, string][] = [
      ['escale.expires-after', '2h'],
      ['quay.expires-after', '1d'],
      ['quay.immutable', 'true'],
      ['escale.immutable', 'false'],
    ];
    expect(readTagLabels({ annotations: {}, labels })).toEqual({
      expiresAfter: 7200,
      tagsImmutable: false,
      problems: [
        { name: 'quay.expires-after', value: '1d', reason: 'overruled' },
        { name: 'quay.immutable', value: 'true', reason: 'overruled' },
      ],
    });
  });

  test('the same meaning in other words is no conflict', () => {
    const annotations = { 'escale.expires-after': '24h', 'quay.expires-after': '1d' };
    expect(readTagLabels({ annotations }).problems).toEqual([]);
  });

  test('one that is not understood does not hide one that is', () => {
    const annotations = { 'escale.expires-after': '3M', 'quay.expires-after': '1d' };
    expect(readTagLabels({ annotations })).toMatchObject({
      expiresAfter: 86_400,
      problems: [{ name: 'escale.expires-after', value: '3M', reason: 'not understood' }],
    });
  });

  test('an annotation replaces the label of the same name without a word', () => {
    const read = readTagLabels({ annotations: { 'quay.expires-after': '2h' }, labels: [['quay.expires-after', '1d']] });
    expect(read).toEqual({ expiresAfter: 7200, tagsImmutable: false, problems: [] });
  });

  test('an expiry beside immutable tags has no effect, which is reported', () => {
    const read = readTagLabels({ annotations: { 'quay.expires-after': '2h', 'quay.immutable': 'true' } });
    expect(read.problems).toEqual([{ name: 'quay.expires-after', value: '2h', reason: 'immutable' }]);
  });
});

test('every problem is told in words that name the label, and what to write', () => {
  expect(labelProblemText({ name: 'quay.expires-after', value: '3M', reason: 'not understood' })).toBe(
    'the label quay.expires-after="3M" is not understood and has no effect; write a whole number and one of s, m (minutes), h, d or w, such as 12h',
  );
  expect(labelProblemText({ name: 'quay.immutable', value: 'yes', reason: 'not understood' })).toMatch(
    /true or false$/,
  );
});
