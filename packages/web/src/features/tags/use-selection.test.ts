import { expect, test } from 'vitest';
import { ref } from 'vue';
import { useSelection } from './use-selection.ts';

test('shift ticks, and unticks, all between the last one and this one, in the order of the page', () => {
  const selection = useSelection(() => ['a', 'b', 'c', 'd', 'e']);
  selection.toggle('d', false);
  selection.toggle('b', true);
  expect(selection.chosen.value).toEqual(['b', 'c', 'd']);
  selection.toggle('c', false);
  selection.toggle('d', true);
  expect(selection.chosen.value).toEqual(['b']);
  selection.toggle('b', true);
  expect(selection.chosen.value).toEqual([]);
});

test('what is gone from the page is chosen no more, and everything can be chosen at once', () => {
  const listed = ref(['a', 'b']);
  const selection = useSelection(() => listed.value);
  selection.toggleAll();
  expect(selection.chosen.value).toEqual(['a', 'b']);
  listed.value = ['b', 'c'];
  expect(selection.chosen.value).toEqual(['b']);
  selection.toggleAll();
  expect(selection.chosen.value).toEqual(['b', 'c']);
  selection.toggleAll();
  expect(selection.chosen.value).toEqual([]);
});

test('shift without a last one, or after the last one is gone, ticks this one', () => {
  const listed = ref(['a', 'b', 'c']);
  const selection = useSelection(() => listed.value);
  selection.toggle('b', true);
  expect(selection.chosen.value).toEqual(['b']);
  listed.value = ['a', 'c'];
  selection.toggle('c', true);
  expect(selection.chosen.value).toEqual(['c']);
});
