import { expect, test } from 'vitest';
import { csvCell, usageHeader, usageLine } from './usage-lines.ts';

test('a CSV file says that it is UTF-8, so that Excel reads names as they are; JSON lines begin with an entry', () => {
  expect([...Buffer.from(usageHeader('csv')).subarray(0, 3)]).toEqual([0xef, 0xbb, 0xbf]);
  expect(usageHeader('csv').slice(1)).toMatch(/^id,at,kind,/);
  expect(usageHeader('jsonl')).toBe('');
});

test.each([
  ['=1+1', "'=1+1"],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['  =1', "'  =1"],
  ['\t=1', "'\t'=1"],
  ['\r\n=1', "'\r\n'=1"],
  ['\t1', "'\t1"],
  ['\u00a0=1', "'\u00a0=1"],
  ['\u0001=1', "'\u0001=1"],
  ['＝1', "'＝1"],
  ['＋1', "'＋1"],
  ['－1', "'－1"],
  ['＠x', "'＠x"],
  ['=HYPERLINK("http://evil.example","x")', '\'=HYPERLINK("http://evil.example","x")'],
  ['docker;=1', "docker;'=1"],
  ['docker; "=1', 'docker; "\'=1'],
  ['a\t@x', "a\t'@x"],
  ['a\n-1', "a\n'-1"],
])('%j is no formula', (text, shown) => {
  expect(unquoted(csvCell(text))).toBe(shown);
});

test.each(['docker/27.0 (linux; amd64)', 'acme/app', 'sha256:abc', 'a-b', 'a=b', 'é', 'a;b', 'say "x"', ''])(
  '%j stays as it is',
  (text) => {
    expect(unquoted(csvCell(text))).toBe(text);
  },
);

test('details and dates are text; what is absent is empty', () => {
  expect(csvCell(null)).toBe('');
  expect(csvCell(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
  expect(unquoted(csvCell({ note: '=1', list: [1, -2] }))).toBe('{"note":"=1","list":[1,-2]}');
});

test('no cell of a line begins a formula, in a spreadsheet that separates by commas, by semicolons or by tabs', () => {
  const hostile = ['=1', '@x', ';=1', '";=1', '\t=1', ' ;\t +1', '","=1', '"\r\n=1', "'=1"];
  for (const text of hostile) {
    const line = usageLine('csv', {
      id: '1',
      at: new Date(0),
      userAgent: text,
      performer: text,
      details: { text },
    } as never);
    for (const separator of [',', ';', '\t'])
      for (const cell of cellsOf(line, separator))
        expect(cell, `${JSON.stringify(line)} by ${separator}`).not.toMatch(/^[\s"]*[=+\-@]/);
  }
});

test('a long text is read in one pass', () => {
  const text = ';'.repeat(200_000);
  expect(unquoted(csvCell(text))).toBe(text);
});

/** What a reader by RFC 4180 makes of one cell. */
function unquoted(cell: string): string {
  return cell.startsWith('"') ? cell.slice(1, -1).replaceAll('""', '"') : cell;
}

/** Cells as spreadsheets split lines: quotes count only where a cell begins with one. */
function cellsOf(text: string, separator: string): string[] {
  const cells: string[] = [];
  let rest = text;
  while (rest !== '') {
    const quoted = /^"(?:[^"]|"")*"/.exec(rest)?.[0] ?? '';
    const after = rest.slice(quoted.length);
    const end = after.search(new RegExp(`[${separator}\n]`));
    const plain = end < 0 ? after : after.slice(0, end);
    cells.push(quoted === '' ? plain : unquoted(quoted) + plain);
    rest = after.slice(plain.length + 1);
  }
  return cells;
}
