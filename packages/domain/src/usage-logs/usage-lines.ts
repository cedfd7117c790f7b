import type { UsageLogEntry } from '@escale/schema/entities';

/** One line for each entry, as an exported file has it. */
export type UsageFormat = 'jsonl' | 'csv';

const columns = [
  ...['id', 'at', 'kind', 'namespace', 'repository', 'tag', 'digest', 'performerKind', 'performer'],
  ...['authenticatedBy', 'clientAddress', 'userAgent', 'details'],
] as const satisfies readonly (keyof UsageLogEntry)[];

/** What a file begins with. */
export function usageHeader(format: UsageFormat): string {
  return format === 'csv' ? `${columns.join(',')}\r\n` : '';
}

export function usageLine(format: UsageFormat, entry: UsageLogEntry): string {
  const values = columns.map((name) => [name, entry[name] ?? null] as const);
  if (format === 'jsonl') return `${JSON.stringify(Object.fromEntries(values))}\n`;
  return `${values.map(([, value]) => csvCell(value)).join(',')}\r\n`;
}

/**
 * A cell by RFC 4180. One that a spreadsheet would take for a formula gets an apostrophe in front: what a client sent as its
 * name must not run on an administrator's machine (T26).
 */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = value instanceof Date ? value.toISOString() : typeof value === 'string' ? value : JSON.stringify(value);
  const safe = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
