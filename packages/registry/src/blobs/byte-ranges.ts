import { randomBytes } from 'node:crypto';
import type { ByteRange } from '../storage/blob-store.ts';
import { contentRange } from './byte-range.ts';

/** How an answer of several ranges is written (RFC 9110 §14.6, `multipart/byteranges`). */
export interface ByteRangesFrame {
  readonly contentType: string;
  /** Bytes of the whole answer, the ranges included. */
  readonly length: number;
  readonly parts: readonly { readonly head: string; readonly range: ByteRange }[];
  /** What comes after the last part. */
  readonly end: string;
}

/** @param type of the content that the ranges are of */
export function frameRanges(ranges: readonly ByteRange[], size: number, type: string): ByteRangesFrame {
  const boundary = randomBytes(16).toString('hex');
  const parts = ranges.map((range, index) => {
    const line = index === 0 ? '' : '\r\n';
    const head = `${line}--${boundary}\r\nContent-Type: ${type}\r\nContent-Range: ${contentRange(range, size)}\r\n\r\n`;
    return { head, range };
  });
  const end = `\r\n--${boundary}--\r\n`;
  const length = parts.reduce((sum, { head, range }) => sum + head.length + range.end - range.start + 1, end.length);
  return { contentType: `multipart/byteranges; boundary=${boundary}`, length, parts, end };
}
