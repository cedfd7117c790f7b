import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { root } from './imports.ts';
import { foldersIn, textOf, writtenFiles } from './tracked-files.ts';

const documents = writtenFiles().filter((file) => file.endsWith('.md'));
const exists = (file: string) => existsSync(path.join(root, file));

test('README.md and .env.example list the configuration as the schema has it', () => {
  const { status, stderr } = spawnSync(process.execPath, [path.join(root, 'scripts/config-docs.mjs'), '--check'], {
    encoding: 'utf8',
  });
  expect([status, stderr]).toEqual([0, '']);
});

describe('docs/decisions', () => {
  const folder = 'docs/decisions';
  const files = readdirSync(path.join(root, folder)).filter((name) => name !== 'README.md');
  const index = textOf(`${folder}/README.md`);

  test('lists every decision once, under its title', () => {
    const listed = [...index.matchAll(/^- \[(\d{3})\]\((\S+)\) (.+)$/gm)].map(
      ([, number = '', name = '', title = '']) => [name, `# ${String(Number(number))}. ${title}`],
    );
    const written = files.map((name) => [name, textOf(`${folder}/${name}`).split('\n')[0]]);
    expect(listed.sort()).toEqual(written.sort());
  });

  test('numbers them without a gap', () => {
    expect(files.sort().map((name) => name.slice(0, 4))).toEqual(
      files.map((_, position) => `${String(position + 1).padStart(3, '0')}-`),
    );
  });

  test.each(files)('%s has context, decision and consequences, on one page', (name) => {
    const text = textOf(`${folder}/${name}`);
    expect([...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)).toEqual([
      'Context',
      'Decision',
      'Consequences',
    ]);
    expect(text.split('\n').length).toBeLessThanOrEqual(60);
  });
});

describe('every document', () => {
  /** Anchors as GitHub makes them of headings, and those that are written out. */
  const anchorsOf = (file: string): string[] => {
    const text = textOf(file);
    const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
    return [...headings, ...[...text.matchAll(/<a id="([^"]+)">/g)].map(([, id = '']) => id)];
  };

  test('links to places that exist', () => {
    const broken = documents.flatMap((file) =>
      [...textOf(file).matchAll(/\]\((?![a-z]+:)([^)\s#]*)(?:#([^)\s]+))?\)/g)]
        .filter(([, target = '', anchor]) => {
          const to = target === '' ? file : path.posix.join(path.posix.dirname(file), target);
          return !exists(to) || (anchor !== undefined && !anchorsOf(to).includes(anchor));
        })
        .map(([link]) => `${file}: ${link}`),
    );
    expect(broken).toEqual([]);
  });

  test('names files and folders that exist', () => {
    const missing = documents.flatMap((file) =>
      [...textOf(file).matchAll(/`((?:packages|tests|scripts|infra|docs)\/[\w./-]+)`/g)]
        .filter(([, name = '']) => !exists(name))
        .map(([name]) => `${file}: ${name}`),
    );
    expect(missing).toEqual([]);
  });
});

describe('ARCHITECTURE.md', () => {
  test('names files of packages that exist', () => {
    const named = [...textOf('ARCHITECTURE.md').matchAll(/`([a-z][\w-]*\/[\w./-]+\.(?:ts|vue))`/g)].map(
      ([, name = '']) => name,
    );
    expect(named.length).toBeGreaterThan(10);
    expect(named.filter((name) => ![name, `packages/${name}`, `packages/registry/src/${name}`].some(exists))).toEqual(
      [],
    );
  });

  test('draws every package and every folder of the tests', () => {
    const text = textOf('ARCHITECTURE.md');
    const folders = ['packages', 'tests'].flatMap(foldersIn);
    expect(folders.filter((name) => !text.includes(`${name}/`))).toEqual([]);
  });
});

describe('packages', () => {
  test.each(foldersIn('packages'))('%s has a README with a line for each of its folders, and no others', (name) => {
    const text = textOf(`packages/${name}/README.md`);
    const named = [...text.matchAll(/`src\/([\w-]+)`/g)].map(([, folder]) => folder);
    expect([...new Set(named)].sort()).toEqual(foldersIn(`packages/${name}/src`).sort());
    const files = [...text.matchAll(/`(src\/[\w./-]+)`/g)].map(([, file = '']) => file);
    expect(files.filter((file) => !exists(`packages/${name}/${file}`))).toEqual([]);
  });
});
