import { expect, test } from 'vitest';
import { wordsOf } from './log-words.ts';

const say = (word: string) =>
  ({ read: 'Lecture', write: 'Écriture', public: 'Public', private: 'Privé' })[word] ?? word;

test.each([
  [{ user: 'bob', role: 'write', before: 'read' }, 'bob · Lecture → Écriture'],
  [{ robot: 'acme+ci', role: 'read', before: null }, 'acme+ci · Lecture'],
  [{ team: 'devs', before: 'write' }, 'devs · Écriture'],
  [{ from: 'private', to: 'public' }, 'Privé → Public'],
  [{ visibility: 'public' }, 'Public'],
  [{ from: 'read', to: 'write' }, 'read → write'],
  [{ user: 'public', role: 'read' }, 'public · Lecture'],
  [{ before: 30, after: 90 }, '30 → 90'],
  [{ team: 'devs', user: 'carol' }, 'devs · carol'],
  [{ changed: ['description', 'website'] }, 'description, website'],
  [{ robot: 'acme+ci', token: '01a2' }, 'acme+ci'],
  [{ mediaType: 'application/json' }, ''],
  [{ immutable: true, other: { nested: 1 } }, ''],
  [null, ''],
  ['text', ''],
])('%j says %j', (details, line) => {
  expect(wordsOf(details, say)).toBe(line);
});
