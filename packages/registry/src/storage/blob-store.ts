import type { Readable, Writable } from 'node:stream';

/**
 * Names one stored object: `<algorithm>/<two hex>/<hex>/<generation>` once it holds a digest's bytes, see `blob-keys.ts`.
 * The generation is new for every upload, so that a late delete can never hit a newer upload of the same digest (D4).
 */
export type BlobKey = string & { readonly __brand: 'BlobKey' };

/** A run of bytes of an unfinished upload that the store holds durably enough to survive the end of this process. */
export interface StagedPart {
  /** First byte, from the beginning of the upload. */
  readonly offset: number;
  /** Bytes, at least 1. */
  readonly length: number;
}

/** Inclusive on both ends, as in `Content-Range`; the caller has checked it against the size. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** What the store knows of one object. */
export interface StoredObject {
  readonly key: BlobKey;
  /** Bytes. */
  readonly size: number;
  readonly modifiedAt: Date;
}

/** All bytes that are held of an unfinished upload: parts in the store, then a tail that is kept with the upload's row. */
export interface StagedUpload {
  /** Contiguous from offset 0. */
  readonly parts: readonly StagedPart[];
  /** Too few bytes for a part of their own; empty where the store takes parts of any size. */
  readonly tail: Uint8Array;
}

/**
 * Takes the bytes of one request of an upload, after those already staged. Not safe for concurrent use: the claim on the
 * upload guarantees one writer. It ends by exactly one of `flush`, `commit`, `abort`.
 */
export interface UploadWriter {
  /** Takes a piece of any size; resolves when the next may come (back-pressure). The caller must not reuse the memory. */
  write(piece: Uint8Array): Promise<void>;
  /** Stages what has come, durable when it resolves. @returns all that is staged now; the upload goes on from there */
  flush(): Promise<StagedUpload>;
  /**
   * Makes all bytes of the upload the object `key`; all or nothing, durable when it resolves. Repeating it after an unknown
   * outcome succeeds when the object is there with the right size (D18).
   * @param digest kept with the object where the store can, for scrubs and rebuilds
   * @throws StagedPartsMissing when the store no longer holds one of the parts: the upload must begin anew
   */
  commit(key: BlobKey, digest: string): Promise<void>;
  /** Gives up: frees memory and handles; what was staged by this writer may stay, unnamed, until `discard`. */
  abort(): Promise<void>;
}

/**
 * Where the bytes lie. The database says what exists; a store is never listed to decide that.
 * Every method rejects with `StoreUnavailable` when the store itself fails (network, disk full, permissions), after its own
 * bounded retries; handlers answer 503 to that.
 */
export interface BlobStore {
  /** Makes the container or the folders. Idempotent; safe when several processes start at once. */
  prepare(): Promise<void>;

  /** Resolves when the store answers; rejects with `StoreUnavailable` and a reason in words. For the health check. */
  check(signal?: AbortSignal): Promise<void>;

  /**
   * Opens a writer behind the acknowledged bytes of an unfinished upload.
   * @param upload names the staging area, a UUID
   * @param staged what is acknowledged; anything beyond it is overwritten
   */
  openUpload(upload: string, staged: StagedUpload): UploadWriter;

  /**
   * Makes a small content, which lies in memory whole, an object at once; all or nothing, durable when it resolves. The key's
   * generation is new: nothing else has its name.
   * @param digest kept with the object where the store can, for scrubs and rebuilds
   */
  put(key: BlobKey, content: Uint8Array, digest: string): Promise<void>;

  /** Frees the staging area of an upload that will not be finished. Nothing to free is not an error. */
  discard(upload: string): Promise<void>;

  /** @returns undefined when there is no such object */
  stat(key: BlobKey): Promise<StoredObject | undefined>;

  /**
   * Streams an object or a range of it. The stream is destroyed with `StoreUnavailable` when the store fails midway.
   * @returns undefined when there is no such object
   */
  read(key: BlobKey, range?: ByteRange): Promise<Readable | undefined>;

  /**
   * Writes an object or a range of it to a sink and does not end the sink: the way of every pull, so each store takes the
   * shortest one that it has. The sink must be done with a piece when it calls back, as sockets are; the last ones may still lie
   * before it when this resolves, in their order.
   * @returns false when there is no such object; then nothing was written
   * @throws StoreUnavailable when the store fails, the sink's error when the reader has gone away
   */
  send(key: BlobKey, sink: Writable, range?: ByteRange): Promise<boolean>;

  /** Deletes an object; nothing to delete is not an error. */
  delete(key: BlobKey): Promise<void>;

  /** Uploads for which something is staged that does not vanish by itself, in no particular order. */
  listStaged(): AsyncIterable<{ readonly upload: string; readonly modifiedAt: Date }>;

  /** All objects, in no particular order; for the sweeper and for scrubs, never for liveness. */
  list(): AsyncIterable<StoredObject>;

  /** What `writeMark` left, by which a store is recognized; undefined in a new one. */
  readMark(): Promise<string | undefined>;

  /** Leaves a short text beside the objects, in place of the one before; all or nothing, durable when it resolves. */
  writeMark(text: string): Promise<void>;

  /** Closes connections and handles. */
  close(): Promise<void>;
}

/** The store failed, not the request; the message is fit for an operator, `cause` holds the original. */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}

/** An upload came in more pieces than the store can join. */
export class TooManyParts extends Error {
  override readonly name = 'TooManyParts';
}

/** Parts of an upload are gone (expired at the store, or its staging area was cleared). */
export class StagedPartsMissing extends Error {
  override readonly name = 'StagedPartsMissing';
}
