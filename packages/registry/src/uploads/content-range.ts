import { DomainError, rangeInvalid, sizeInvalid, uploadInvalid } from '@escale/domain/errors';

/**
 * Checks where a chunk says it belongs: `start-end`, both inclusive, without a unit (end-5).
 * @param header Content-Range, or '' for a stream without one
 * @throws BLOB_UPLOAD_INVALID when malformed, SIZE_INVALID when it contradicts Content-Length, RANGE_INVALID for a gap or an overlap
 */
export function checkContentRange(header: string, contentLength: string, offset: number): void {
  if (header === '') return;
  const [, first, last] = /^(\d{1,15})-(\d{1,15})$/.exec(header) ?? [];
  if (first === undefined || last === undefined || Number(last) < Number(first)) {
    throw uploadInvalid('Content-Range must be <first>-<last>, both inclusive, without a unit');
  }
  if (contentLength !== '' && Number(contentLength) !== Number(last) - Number(first) + 1) {
    throw sizeInvalid('Content-Range and Content-Length contradict each other');
  }
  if (Number(first) !== offset) throw rangeInvalid(offset);
}

/** Bytes that a request's body will have; 0 when it does not say. */
export function announcedLength(contentLength: string): number {
  return /^\d{1,15}$/.test(contentLength) ? Number(contentLength) : 0;
}

/** @returns the offset that a RANGE_INVALID carries, for the headers of the answer */
export function offsetOf(error: unknown): number | undefined {
  const offset = error instanceof DomainError && error.code === 'RANGE_INVALID' ? error.detail?.['offset'] : undefined;
  return typeof offset === 'number' ? offset : undefined;
}
