import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { root } from './imports.ts';

/** Folders that git ignores or that a tool writes, as .gitignore and the code generators name them. */
const skippedFolders = new Set([
  '.git',
  'node_modules',
  'dist',
  '.escale',
  '.cache',
  'coverage',
  'test-results',
  'generated',
]);
const textEndings = new Set(['.ts', '.vue', '.mjs', '.js', '.sh', '.md', '.graphql', '.html', '.css', '.yaml', '.yml']);

/** Names of the folders in a folder, without those that a tool makes. */
export const foldersIn = (folder: string): string[] =>
  readdirSync(path.join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !skippedFolders.has(entry.name))
    .map(({ name }) => name);

/** Text files of the repository that people write, by path from its root. Git is not needed: tests use nothing outside npm. */
export function writtenFiles(folder = '.'): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true })
    .flatMap((entry) => {
      const file = path.posix.join(folder, entry.name);
      if (entry.isDirectory())
        return skippedFolders.has(entry.name) || file === 'screenshots' ? [] : writtenFiles(file);
      const written = textEndings.has(path.extname(entry.name)) || file === '.env.example' || file === '.ci/run';
      return written && entry.name !== 'pnpm-lock.yaml' ? [file] : [];
    })
    .sort();
}

export const textOf = (file: string): string => readFileSync(path.join(root, file), 'utf8');

/**
 * The text of a file in which an identifier is a citation. In TypeScript these are comments and string literals, test names among
 * them; a type parameter `T1` is neither. Every other file counts as a whole.
 */
export function proseOf(file: string, text = textOf(file)): string {
  // Most files have nothing that looks like a citation and need no parsing.
  if (!file.endsWith('.ts') || !/\b[A-Z]\d/.test(text)) return text;
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const parts: string[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isJSDoc(node)) {
      // All others lie before a token, where they are found below.
      if (node.parent.kind === ts.SyntaxKind.EndOfFileToken) parts.push(node.getText(source));
      return;
    }
    const children = node.getChildren(source);
    if (children.length > 0) children.forEach(visit);
    else {
      // Comments lie between the end of one token and the start of the next.
      parts.push(text.slice(node.pos, node.getStart(source)));
      if (ts.isStringLiteral(node) || ts.isTemplateLiteralToken(node)) parts.push(node.getText(source));
    }
  };
  visit(source);
  return parts.join('\n');
}
