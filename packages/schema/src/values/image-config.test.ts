import { expect, test } from 'vitest';
import { parseImageConfig } from './image-config.ts';
import { readTagLabels } from './tag-labels.ts';

const labelsOf = (labels: unknown) =>
  parseImageConfig(Buffer.from(JSON.stringify({ config: { Labels: labels } })))?.labels;

test('labels that are no strings keep their JSON; null counts as absent', () => {
  const labels = labelsOf({ a: 'x', b: 3, c: true, d: ['1h'], e: { f: 1 }, g: null });
  expect(Object.fromEntries(labels ?? [])).toEqual({ a: 'x', b: '3', c: 'true', d: '["1h"]', e: '{"f":1}' });
  for (const odd of [null, [], 'x', 1, undefined]) expect(labelsOf(odd)).toEqual([]);
});

test.each([3, ['1h'], { after: '1h' }, 1.5])('a lifetime of %j is not understood, and that is reported', (value) => {
  const labels = labelsOf({ 'quay.expires-after': value });
  const { expiresAfter, problems } = readTagLabels({ annotations: {}, labels });
  expect(expiresAfter).toBeNull();
  expect(problems).toEqual([{ name: 'quay.expires-after', value: JSON.stringify(value), reason: 'not understood' }]);
});
