import type { FileHandle } from 'node:fs/promises';
import type { Writable } from 'node:stream';
import { StoreUnavailable, type ByteRange } from './blob-store.ts';

/** Bytes of one read while few pulls are under way; a crowd goes in smaller pieces, so that its memory stays bounded. */
const wide = 1024 * 1024;
const narrow = 128 * 1024;
/** Pulls that get wide pieces at a time. */
const few = 16;
/** Their buffers, for the next pull: memory that is used again is warm; fresh memory costs more than copying into it. */
const buffers: Buffer[] = [];
let lent = 0;

/**
 * Writes a file, or a range of it, to a sink, piece by piece through one buffer: the next piece is read when the sink has
 * taken the last one. Does not close the file or end the sink.
 * @throws StoreUnavailable when the file ends before the range does; the sink's error when its reader has gone away
 */
export async function sendFile(file: FileHandle, sink: Writable, range: ByteRange): Promise<void> {
  const length = range.end - range.start + 1;
  if (length <= narrow || lent >= few)
    return sendThrough(Buffer.allocUnsafeSlow(Math.min(length, narrow)), file, sink, range);
  lent += 1;
  try {
    const buffer = buffers.pop() ?? Buffer.allocUnsafeSlow(wide);
    await sendThrough(buffer, file, sink, range);
    // Only here: after an error, the system may still be holding the buffer.
    buffers.push(buffer);
  } finally {
    lent -= 1;
  }
}

async function sendThrough(buffer: Buffer, file: FileHandle, sink: Writable, { start, end }: ByteRange): Promise<void> {
  for (let at = start; at <= end;) {
    const { bytesRead } = await file.read(buffer, 0, Math.min(buffer.length, end - at + 1), at);
    if (bytesRead === 0) throw new StoreUnavailable('a stored file is shorter than its blob');
    await written(sink, buffer.subarray(0, bytesRead));
    at += bytesRead;
  }
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
