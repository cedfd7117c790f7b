import type { IncomingMessage } from 'node:http';
import { freeMemory } from '../storage/block-memory.ts';

/**
 * Reads a small body whole, into memory of its own. @returns undefined as soon as it is known to exceed the limit; the rest is
 * not read
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const announced = Number(request.headers['content-length'] ?? 0);
  if (announced > limit) return undefined;
  const pieces: Buffer[] = [];
  // What says how long it is goes to its place at once, so that it is never here twice.
  const whole = announced > 0 ? Buffer.allocUnsafeSlow(announced) : undefined;
  let size = 0;
  for await (const piece of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
    whole?.set(piece, size);
    size += piece.length;
    // What has arrived and waits behind this piece counts as well: no more is taken from the socket than must be.
    if (size + request.readableLength > limit) return undefined;
    if (whole) freeMemory(piece);
    else pieces.push(piece);
  }
  return whole?.subarray(0, size) ?? Buffer.concat(pieces);
}
