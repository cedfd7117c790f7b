import type { ByteRange } from '../storage/blob-store.ts';

/** Ranges of one request; more are nobody's way to fetch a layer (R24). */
const rangeLimit = 256;

/**
 * Reads a Range header (RFC 9110 §14.2) against a size in bytes.
 * @param header as it came, '' where there is none
 * @returns the ranges in the order asked for, cut at the end of the content; `unsatisfiable` when none of them lies in it, or when
 * they are too many; undefined when the whole is to be sent: no header, another unit, a malformed one, or ranges that add up to
 * more than the whole
 */
export function readRanges(header: string, size: number): readonly ByteRange[] | 'unsatisfiable' | undefined {
  const [, list] = /^bytes=([\d\s,-]+)$/i.exec(header) ?? [];
  if (list === undefined) return undefined;
  const specs = list.split(',', rangeLimit + 1).map((spec) => /^\s*(\d{0,15})-(\d{0,15})\s*$/.exec(spec));
  if (specs.length > rangeLimit) return 'unsatisfiable';
  const ranges: ByteRange[] = [];
  for (const spec of specs) {
    const [, first = '', last = ''] = spec ?? [];
    if (first === '' && last === '') return undefined;
    const range = rangeOf(first, last, size);
    if (range) ranges.push(range);
  }
  if (ranges.length === 0) return 'unsatisfiable';
  const asked = ranges.reduce((sum, { start, end }) => sum + end - start + 1, 0);
  return ranges.length > 1 && asked > size ? undefined : ranges;
}

/** @returns undefined when no byte of the content is in it */
function rangeOf(first: string, last: string, size: number): ByteRange | undefined {
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length === 0 ? undefined : { start: size - length, end: size - 1 };
  }
  const start = Number(first);
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start >= size || end < start ? undefined : { start, end };
}

/** `bytes 0-99/200`, the Content-Range of an answer. */
export function contentRange({ start, end }: ByteRange, size: number): string {
  return `bytes ${String(start)}-${String(end)}/${String(size)}`;
}
