import { stringifyDocument } from '@urql/core';
import type { DocumentNode } from 'graphql';

/** A document as it goes to the server: by its id in a build, as a text while developing. */
export function asSent(document: DocumentNode & { readonly documentId?: string }): {
  readonly query: string;
  readonly documentId?: string;
} {
  const { documentId } = document;
  return documentId === undefined ? { query: stringifyDocument(document) } : { query: '', documentId };
}
