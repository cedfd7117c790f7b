import { expect, test } from 'vitest';
import { Gathering } from './gathering.ts';

/** Answers with the question's double, when it is let go; remembers who came together. */
function doubling() {
  const crowds: number[][] = [];
  const held: (() => void)[] = [];
  const answerAll = async (questions: readonly number[]): Promise<number[]> => {
    crowds.push([...questions]);
    await new Promise<void>((resolve) => held.push(resolve));
    return questions.map((question) => question * 2);
  };
  return { crowds, answerAll, letGo: () => held.shift()?.() };
}

test('a question alone is sent at once; those that come while all lanes are busy go together, in their order', async () => {
  const { crowds, answerAll, letGo } = doubling();
  const ask = new Gathering({ lanes: 2 }).kind(answerAll);
  const answers = [1, 2, 3, 4, 5].map(ask);
  expect(crowds).toEqual([[1], [2]]);
  letGo();
  await answers[0];
  expect(crowds).toEqual([[1], [2], [3, 4, 5]]);
  letGo();
  letGo();
  expect(await Promise.all(answers)).toEqual([2, 4, 6, 8, 10]);
});

test('kinds take turns, and a crowd of one kind does not starve another', async () => {
  const gathering = new Gathering({ lanes: 1 });
  const [first, second] = [doubling(), doubling()];
  const [askFirst, askSecond] = [gathering.kind(first.answerAll), gathering.kind(second.answerAll)];
  const answers = [...Array.from({ length: 200 }, (_, index) => askFirst(index)), askSecond(7)];
  first.letGo();
  await answers[0];
  first.letGo();
  await answers[1];
  expect(first.crowds.map(({ length }) => length)).toEqual([1, 64]);
  expect(second.crowds).toEqual([[7]]);
  second.letGo();
  expect(await answers.at(-1)).toBe(14);
  const all = Promise.all(answers);
  let done = false;
  void all.then(() => (done = true));
  // A statement may wait a moment for its crowd: let go until nobody waits.
  while (!done) {
    first.letGo();
    await new Promise(setImmediate);
  }
  expect(await all).toHaveLength(201);
});

test('a statement that fails fails those who asked by it, and nobody after them', async () => {
  let broken = true;
  const ask = new Gathering({ lanes: 1 }).kind(async (questions: readonly string[]) => {
    await Promise.resolve();
    if (broken) throw new Error('the database is away');
    return questions;
  });
  const failing = ask('first');
  const together = ['second', 'third'].map(ask);
  await expect(failing).rejects.toThrow('away');
  await Promise.all(together.map((one) => expect(one).rejects.toThrow('away')));
  broken = false;
  expect(await ask('fourth')).toBe('fourth');
});
