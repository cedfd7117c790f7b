import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Request } from 'playwright-core';

const file = path.resolve(import.meta.dirname, '../../packages/web/dist/documents.json');
let texts: Readonly<Record<string, string>> | undefined;

/** What a request of the built console asks: the text of the document that it names by its id. */
export function askedBy(request: Request): string {
  texts ??= JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
  const { documentId = '' } = (request.postDataJSON() ?? {}) as { documentId?: string };
  return texts[documentId] ?? '';
}
