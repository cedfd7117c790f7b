import { expect, test, vi } from 'vitest';
import { StateMemory } from './state-memory.ts';

/** A memory over a database of which the test says in which state it is, and which counts the looks at it. */
function memoryOver(lifetime = 60_000) {
  const database = { state: 'a', looks: 0 };
  const memory = new StateMemory<{ said: string }>({ lifetime }, () => {
    database.looks += 1;
    return Promise.resolve(database.state);
  });
  /** A statement answers some questions. */
  const answer = (...keys: string[]) => {
    memory.saw(database.state);
    for (const key of keys) memory.remember(database.state, key, { said: `${key} in ${database.state}` }, 10);
  };
  const recall = async (key: string) => (await memory.recall(key))?.said;
  return { database, memory, answer, recall };
}

test('an answer is given again from the second statement of a state on, for as long as a look finds that state', async () => {
  const { database, answer, recall } = memoryOver();
  answer('x', 'y');
  expect([await recall('x'), database.looks]).toEqual([undefined, 0]);
  answer('z');
  expect([await recall('x'), await recall('y'), await recall('z')]).toEqual(['x in a', 'y in a', 'z in a']);
  expect([await recall('never asked'), database.looks]).toEqual([undefined, 3]);
});

test('after a change nothing of before is said again, not even when the old state should come back', async () => {
  const { database, answer, recall } = memoryOver();
  answer('x');
  answer('y');
  database.state = 'b';
  expect(await recall('x')).toBeUndefined();
  database.state = 'a';
  expect(await recall('y')).toBeUndefined();
});

test('while every statement sees another state, nobody looks for it', async () => {
  const { database, answer, recall } = memoryOver();
  for (const state of ['b', 'c', 'd']) {
    database.state = state;
    answer('x');
    expect(await recall('x')).toBeUndefined();
  }
  expect(database.looks).toBe(0);
});

test('a change during the look counts', async () => {
  let found = (_: string): void => undefined;
  const memory = new StateMemory<object>({ lifetime: 60_000 }, () => new Promise((resolve) => (found = resolve)));
  memory.saw('a');
  memory.saw('a');
  memory.remember('a', 'x', {}, 1);
  const recalled = memory.recall('x');
  found('b');
  expect(await recalled).toBeUndefined();
});

test('an answer of a statement that saw another state than the latest is not kept', async () => {
  const { memory, recall } = memoryOver();
  memory.saw('a');
  memory.saw('b');
  memory.remember('a', 'x', { said: 'old' }, 1);
  memory.saw('b');
  expect(await recall('x')).toBeUndefined();
});

test('answers are forgotten after their lifetime', async () => {
  vi.useFakeTimers();
  try {
    const { answer, recall } = memoryOver(1000);
    answer('x');
    vi.advanceTimersByTime(600);
    answer('y');
    expect(await recall('x')).toBe('x in a');
    vi.advanceTimersByTime(600);
    expect([await recall('x'), await recall('y')]).toEqual([undefined, undefined]);
  } finally {
    vi.useRealTimers();
  }
});

test('no more is kept than there is room for', async () => {
  const { memory } = memoryOver();
  memory.saw('a');
  memory.saw('a');
  for (let index = 0; index < 10; index += 1) memory.remember('a', String(index), { said: '' }, 1024 * 1024);
  const kept = await Promise.all(Array.from({ length: 10 }, (_, index) => memory.recall(String(index))));
  expect(kept.filter((one) => one !== undefined)).toHaveLength(4);
});

test('a look that fails is the failure of whoever asked, and nothing of before is said again', async () => {
  let broken = true;
  const memory = new StateMemory<object>({ lifetime: 60_000 }, () =>
    broken ? Promise.reject(new Error('the database is away')) : Promise.resolve('a'),
  );
  memory.saw('a');
  memory.saw('a');
  memory.remember('a', 'x', {}, 1);
  await expect(memory.recall('x')).rejects.toThrow('the database is away');
  broken = false;
  expect(await memory.recall('x')).toBeUndefined();
});
