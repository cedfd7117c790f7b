/** How a language says what is no name: a role, or whether something is public. What it does not know comes back as it is. */
export type Say = (word: string) => string;

/** What helps nobody on a line: numbers of rows, and what the entry says elsewhere. */
const unsaid = new Set(['mediaType', 'token', 'message', 'id', 'grantee', 'previousDigest', 'presented']);
/** Pairs of what was and what is now, by their keys. */
const changes = [
  ['before', 'role'],
  ['from', 'to'],
  ['before', 'after'],
  ['before', 'expiresAt'],
  ['before', 'group'],
] as const;

/**
 * The details of an entry on one line: `bob · Read → Write`.
 * @param details as the server keeps them, which is an object of anything
 */
export function wordsOf(details: unknown, say: Say): string {
  if (typeof details !== 'object' || details === null) return '';
  const left = new Map<string, unknown>(Object.entries(details).filter(([key]) => !unsaid.has(key)));
  const pair = changes.find(([, after]) => left.has(after)) ?? [];
  const change = pair.map((key) => left.get(key)).filter((value) => value !== null && value !== undefined);
  // People and robots have any names, `admin` and `public` among them: those are not translated.
  const isWord = pair[1] === 'role' || change.every((value) => value === 'public' || value === 'private');
  for (const key of pair) left.delete(key);
  const rest = [...left].map(([key, value]) => wordOf(value, key === 'visibility' || key === 'before' ? say : asItIs));
  return [...rest, change.map((value) => wordOf(value, isWord ? say : asItIs)).join(' → ')].filter(Boolean).join(' · ');
}

const asItIs: Say = (word) => word;

function wordOf(value: unknown, say: Say): string {
  if (typeof value === 'string') return say(value);
  if (typeof value === 'number') return String(value);
  return Array.isArray(value) ? value.map((one) => wordOf(one, say)).join(', ') : '';
}
