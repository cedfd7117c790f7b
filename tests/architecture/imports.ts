import { readFileSync } from 'node:fs';
import { glob } from 'node:fs/promises';
import path from 'node:path';
import ts from 'typescript';

export const root = path.resolve(import.meta.dirname, '../..');

/** One import of one file, by path from the repository's root. */
export interface Import {
  readonly file: string;
  /** As written: `koa`, `@escale/domain/robots`, `../values/role.ts`. */
  readonly specifier: string;
  /** Of a relative one: the file it means, from the repository's root. */
  readonly target: string | undefined;
}

/** Sources of the packages and of the tests. */
export async function sourceFiles(): Promise<string[]> {
  const files: string[] = [];
  for (const pattern of ['packages/*/src/**/*.{ts,vue}', 'tests/**/*.ts']) {
    for await (const file of glob(pattern, {
      cwd: root,
      exclude: (name) => name === 'node_modules' || name === 'dist',
    })) {
      files.push(file.split(path.sep).join('/'));
    }
  }
  return files.sort();
}

/** Every import of a file: static, exported from, dynamic. */
export function importsOf(file: string, text = readFileSync(path.join(root, file), 'utf8')): Import[] {
  const source = file.endsWith('.vue') ? scriptOf(text) : text;
  const { importedFiles } = ts.preProcessFile(source, true, true);
  return importedFiles.map(({ fileName: specifier }) => ({
    file,
    specifier,
    target: specifier.startsWith('.') ? path.posix.join(path.posix.dirname(file), specifier) : undefined,
  }));
}

function scriptOf(text: string): string {
  return [...text.matchAll(/<script[^>]*>([\s\S]*?)<\/script>/g)].map(([, script]) => script ?? '').join('\n');
}
