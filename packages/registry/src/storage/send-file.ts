import type { FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { StoreUnavailable, type ByteRange } from './blob-store.ts';

/** Bytes of one read. */
const pieceSize = 256 * 1024;
/** Buffers kept for the next pull. Memory that is used again is warm; fresh memory costs more than copying into it. */
const kept = 16;
const buffers: Buffer[] = [];

/**
 * Writes a file, or a range of it, to a sink, piece by piece through one buffer: the next piece is read when the sink has
 * taken the last one. Does not close the file or end the sink.
 * @throws StoreUnavailable when the file ends before the range does; the sink's error when its reader has gone away
 */
export async function sendFile(file: FileHandle, sink: Writable, { start, end }: ByteRange): Promise<void> {
  const buffer = buffers.pop() ?? Buffer.allocUnsafeSlow(pieceSize);
  for (let at = start; at <= end;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(pieceSize, end - at + 1), at);
    if (bytesRead === 0) throw new StoreUnavailable('a stored file is shorter than its blob');
    await written(sink, buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
  // Only here: after an error, the system may still be holding the buffer.
  if (buffers.length < kept) buffers.push(buffer);
}

/** Resolves when the bytes have left for the system, so that their memory may be used again. */
function written(sink: Writable, piece: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const gone = () => {
      reject(new Error('the reader has gone away'));
    };
    sink.once('close', gone);
    sink.write(piece, (error) => {
      sink.off('close', gone);
      if (error) reject(error);
      else resolve();
    });
  });
}
