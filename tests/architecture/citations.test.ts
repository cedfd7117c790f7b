import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from './imports.ts';
import { proseOf, textOf, writtenFiles } from './tracked-files.ts';

const page = 'docs/guarantees.md';
/** The letters of docs/guarantees.md. Amazon S3 and the key sizes of three digits (P256, S256) are not identifiers. */
const identifier = /(?<![\w$#./+=-])(?!S3\b)([DGLPRST])([1-9]\d?)(?![\w=]|[:.-]\d)/g;
/** `R1 to R25`, `G5–G9`: a range cites everything in it. */
const range = /\b([DGLPRST])([1-9]\d?)(?:–| to )\1([1-9]\d?)\b/g;

function citedIn(prose: string): Set<string> {
  const cited = new Set<string>();
  for (const [, letter = '', from, to] of prose.matchAll(range))
    for (let number = Number(from); number <= Number(to); number += 1) cited.add(`${letter}${String(number)}`);
  for (const [id] of prose.matchAll(identifier)) cited.add(id);
  return cited;
}

function definedIn(text: string): string[] {
  return [...text.matchAll(/^\| <a id="(\w+)"><\/a>(\w+) \| \S/gm)].map(([, anchor = '', id = '']) => {
    expect(anchor).toBe(id.toLowerCase());
    return id;
  });
}

/** All but the page itself and the examples in this test. */
const files = writtenFiles().filter((file) => file !== page && file !== 'tests/architecture/citations.test.ts');
const proses = new Map(files.map((file) => [file, proseOf(file)]));

describe('docs/guarantees.md', () => {
  const defined = definedIn(textOf(page));

  test('defines each identifier once', () => {
    expect(defined.length).toBeGreaterThan(90);
    expect(defined.filter((id, index) => defined.indexOf(id) !== index)).toEqual([]);
  });

  test('defines every identifier that is cited', () => {
    const undefinedOnes = [...proses].flatMap(([file, prose]) =>
      [...citedIn(prose)].filter((id) => !defined.includes(id)).map((id) => `${file}: ${id}`),
    );
    expect(undefinedOnes).toEqual([]);
  });

  test('defines none that nobody cites', () => {
    const cited = new Set([...proses.values()].flatMap((prose) => [...citedIn(prose)]));
    expect(defined.filter((id) => !cited.has(id))).toEqual([]);
  });
});

describe('a citation', () => {
  test.each([
    ['// Promised for six hours (P2).', ['P2']],
    ['/** Bounds of a document (G5–G7, G14). */', ['G5', 'G6', 'G7', 'G14']],
    [`test('keeps promises P1 to P3', () => {});`, ['P1', 'P2', 'P3']],
    ['const row = `R24 of ${path}`;', ['R24']],
    [`test.each([['G1', 'a mutation by GET']]);`, ['G1']],
  ])('is found in: %s', (code, ids) => {
    expect([...citedIn(proseOf('example.ts', code))].sort()).toEqual([...ids].sort());
  });

  test.each([
    'type Pair<T1, T2> = [T1, T2];',
    'const D1 = 0xD34;',
    `const curve = 'P-256', method = 'S256', store = 'Amazon S3';`,
    `const sqlState = '57P01', day = '2026-01-02T10:00:00Z', from = \`\${day}T00:00:00Z\`;`,
    `const digest = 'sha256:D12F', path = 'org/R2', cell = "=cmd|'/C calc'!A0";`,
  ])('is not found in: %s', (code) => {
    expect([...citedIn(proseOf('example.ts', code))]).toEqual([]);
  });
});

describe('what the repository refers to is in the repository', () => {
  /** The specifications have documents too: `image-spec, descriptor.md`. */
  const document = /(?<![\w./:-])(?<!(?:image|distribution)-spec, )[\w./-]*[\w-]\.md\b/g;

  test('every document that is named', () => {
    const missing = [...proses].flatMap(([file, prose]) =>
      [...prose.matchAll(document)]
        .filter(
          ([name]) => ![path.dirname(file), '.', 'docs'].some((folder) => existsSync(path.join(root, folder, name))),
        )
        .map(([name]) => `${file}: ${name}`),
    );
    expect(missing).toEqual([]);
  });

  test('every decision that is named by its number', () => {
    const numbers = readdirSync(path.join(root, 'docs/decisions')).map((name) => Number.parseInt(name, 10));
    const missing = [...proses].flatMap(([file, prose]) =>
      [...prose.matchAll(/\bdecisions? (\d+)/gi)]
        .filter(([, number]) => !numbers.includes(Number(number)))
        .map(([text]) => `${file}: ${text}`),
    );
    expect(missing).toEqual([]);
  });

  test('every section of a document: sections are those of standards', () => {
    const standard = '(?:RFC \\d{3,4}|OpenID Connect [A-Z][\\w-]+(?: [\\d.]+)?|(?:image|distribution)-spec)';
    const section = new RegExp(`(?<!${standard},? (?:§[\\d.]+(?:,| and|,? or) )*)§\\S*`, 'g');
    const others = [...proses].flatMap(([file, prose]) =>
      // A line of a comment may end between the standard and the section.
      [...prose.replace(/\s*\n\s*(?:\*|\/\/)?\s*/g, ' ').matchAll(section)].map(([text]) => `${file}: ${text}`),
    );
    expect(others).toEqual([]);
  });
});
