import type { IncomingMessage } from 'node:http';

/** Reads a small body whole. @returns undefined as soon as it is known to exceed the limit; the rest is not read */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  if (Number(request.headers['content-length'] ?? 0) > limit) return undefined;
  const pieces: Buffer[] = [];
  let size = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    size += piece.length;
    // What has arrived and waits behind this piece counts as well: no more is taken from the socket than must be.
    if (size + request.readableLength > limit) return undefined;
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}
