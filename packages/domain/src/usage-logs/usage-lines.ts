import type { UsageLogEntry } from '@escale/schema/entities';

/** One line for each entry, as an exported file has it. */
export type UsageFormat = 'jsonl' | 'csv';

const columns = [
  ...['id', 'at', 'kind', 'namespace', 'repository', 'tag', 'digest', 'performerKind', 'performer'],
  ...['authenticatedBy', 'clientAddress', 'userAgent', 'details'],
] as const satisfies readonly (keyof UsageLogEntry)[];

/** Tells spreadsheets that the file is UTF-8: without it, Excel reads the letters of people's names as Windows-1252. */
const byteOrderMark = '\uFEFF';

/** What a file begins with. */
export function usageHeader(format: UsageFormat): string {
  return format === 'csv' ? `${byteOrderMark}${columns.join(',')}\r\n` : '';
}

export function usageLine(format: UsageFormat, entry: UsageLogEntry): string {
  const values = columns.map((name) => [name, entry[name] ?? null] as const);
  if (format === 'jsonl') return `${JSON.stringify(Object.fromEntries(values))}\n`;
  return `${values.map(([, value]) => csvCell(value)).join(',')}\r\n`;
}

/** Where a spreadsheet begins a formula, full-width forms included, after white space and control characters that it skips. */
const formula = /^([\s\p{Cc}]*)(?=[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/u;
/** The same where a spreadsheet of another locale, which separates by semicolons or tabs, begins a cell within ours. */
const innerFormula = /([;\t\r\n](?:(?![\t\r\n])["'\p{Zs}\p{Cc}])*)(?=[=+\-@\uFF1D\uFF0B\uFF0D\uFF20])/gu;

/**
 * A cell by RFC 4180. Text that a spreadsheet would take for a formula gets an apostrophe in front of it: what a client sent as its
 * name must not run on an administrator's machine (T26). JSON lines hold every value as it is.
 */
export function csvCell(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = value instanceof Date ? value.toISOString() : typeof value === 'string' ? value : JSON.stringify(value);
  const safe = text
    .replace(innerFormula, "$1'")
    .replace(formula, "'$1")
    .replace(/^(?=[\t\r\n])/, "'");
  return /[",;\r\n\t']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
