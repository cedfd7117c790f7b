import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate } from 'node:zlib';
import { BodyError, type BodyMemory, type HeldBody, type Sources } from './body-memory.ts';
import { freeMemory, GrowingBuffer } from './growing-buffer.ts';

/** A body in memory. */
export interface WholeBody {
  readonly content: Buffer;
  /** The error by which its client or this server ended it early: then the content is what had come until then. */
  readonly interrupted: Error | undefined;
  /** To be called when the content is no longer needed. */
  readonly release: () => void;
}

/** How a body is read. */
export interface Reading {
  readonly memory: BodyMemory;
  /** Who sends it: the caller, where one is known, and the address. */
  readonly sources: Sources;
  /** Bytes at most. */
  readonly limit: number;
}

/** Bytes up to which a body that has arrived already is taken without being accounted for. */
const atOnce = 64 * 1024;
const nothingToRelease = (): void => undefined;

/**
 * Reads a body of bounded size into memory of its own, within what bodies may hold together.
 * @throws BodyError 413 as soon as it is known to exceed the limit; the rest is not read. Every other refusal, such as 408 for
 * a body that comes too slowly, is returned as `interrupted`
 */
export function readWholeBody(request: IncomingMessage, { memory, sources, limit }: Reading): Promise<WholeBody> {
  const announced =
    request.headers['content-length'] === undefined ? undefined : Number(request.headers['content-length']);
  if (announced !== undefined && announced > limit) return Promise.reject(tooLarge(limit));
  // Most small bodies are here when somebody asks for them.
  if (request.complete && request.readableLength === announced && announced > 0 && announced <= atOnce) {
    const content = request.read() as Buffer;
    return Promise.resolve({ content, interrupted: undefined, release: nothingToRelease });
  }
  return new Promise((resolve, reject) => {
    new BodyReader(request, limit, announced, resolve, reject).start(memory, sources);
  });
}

/**
 * The same where a part is of no use.
 * @throws BodyError, or the error by which the client went away
 */
export async function readBody(request: IncomingMessage, reading: Reading): Promise<WholeBody> {
  const body = await readWholeBody(request, reading);
  if (body.interrupted === undefined) return body;
  body.release();
  throw body.interrupted;
}

/** Listens to one request. By events, because a loop over its pieces could not be ended without the connection. */
class BodyReader {
  readonly #request: IncomingMessage;
  readonly #limit: number;
  readonly #announced: number | undefined;
  readonly #resolve: (body: WholeBody) => void;
  readonly #reject: (error: Error) => void;
  readonly #collected = new GrowingBuffer();
  #held: HeldBody | undefined;
  #paid = 0;
  #isOver = false;

  constructor(
    request: IncomingMessage,
    limit: number,
    announced: number | undefined,
    resolve: (body: WholeBody) => void,
    reject: (error: Error) => void,
  ) {
    this.#request = request;
    this.#limit = limit;
    this.#announced = announced;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  start(memory: BodyMemory, sources: Sources): void {
    this.#held = memory.open(sources, this.#announced, {
      resume: () => {
        if (this.#isOver) return;
        this.#take(this.#paid);
        this.#read();
      },
      refuse: (why) => {
        this.#end(why);
      },
    });
    this.#request.on('readable', this.#read);
    this.#request.on('end', this.#finish);
    this.#request.on('error', this.#fail);
    this.#request.on('close', this.#fail);
    // It may be over before anybody listened.
    if (this.#request.readableEnded) this.#finish();
    else if (this.#request.destroyed) this.#fail();
  }

  readonly #read = (): void => {
    const request = this.#request;
    while (!this.#isOver && this.#paid === 0) {
      const { readableLength } = request;
      if (this.#collected.size + readableLength > this.#limit) {
        this.#settle();
        this.#held?.release();
        this.#collected.free();
        this.#reject(tooLarge(this.#limit));
        return;
      }
      if (readableLength === 0) {
        // Lets the stream look for more, or for its end.
        request.read(0);
        return;
      }
      this.#paid = readableLength;
      if (this.#held?.charge(readableLength) !== true) return;
      this.#take(readableLength);
    }
  };

  /** Takes bytes that are paid for. */
  #take(bytes: number): void {
    this.#paid = 0;
    const piece = this.#request.read(Math.min(bytes, this.#request.readableLength)) as Buffer | null;
    if (!piece) return;
    this.#collected.add(piece, this.#announced);
    freeMemory(piece);
  }

  readonly #finish = (): void => {
    this.#held?.complete();
    this.#end(undefined);
  };

  readonly #fail = (error?: Error): void => {
    this.#end(error ?? Object.assign(new Error('the request was cut short'), { code: 'ECONNRESET' }));
  };

  #end(interrupted: Error | undefined): void {
    if (this.#isOver) return;
    this.#settle();
    const held = this.#held;
    this.#resolve({
      content: this.#collected.finish(),
      interrupted,
      release: () => {
        held?.release();
      },
    });
  }

  #settle(): void {
    this.#isOver = true;
    const request = this.#request;
    request.off('readable', this.#read);
    request.off('end', this.#finish);
    request.off('close', this.#fail);
    // Stays: an error of the connection that comes later must not end the process.
    request.on('error', ignore);
    request.off('error', this.#fail);
  }
}

function ignore(): void {
  // Whoever reads on hears of it there.
}

function tooLarge(limit: number): BodyError {
  return new BodyError(413, `the body is larger than ${String(limit)} bytes`);
}

const decoders: Readonly<Record<string, (content: Buffer, options: { maxOutputLength: number }) => Promise<Buffer>>> = {
  gzip: promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip),
  'x-gzip': promisify<Buffer, { maxOutputLength: number }, Buffer>(gunzip),
  deflate: promisify<Buffer, { maxOutputLength: number }, Buffer>(inflate),
  br: promisify<Buffer, { maxOutputLength: number }, Buffer>(brotliDecompress),
};

/**
 * Undoes the Content-Encoding of a body.
 * @param limit bytes at most, decoded
 * @throws BodyError 415 for an encoding that is not supported, 400 for content that is not of it, 413
 */
export async function decodeBody(content: Buffer, encoding: string | undefined, limit: number): Promise<Buffer> {
  const name = (encoding ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return content;
  const decode = Object.hasOwn(decoders, name) ? decoders[name] : undefined;
  if (!decode) throw new BodyError(415, 'the Content-Encoding of a body is gzip, deflate or br, or there is none');
  try {
    return await decode(content, { maxOutputLength: limit });
  } catch (error) {
    if ((error as { code?: unknown } | null)?.code === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(limit);
    throw new BodyError(400, `the body is not complete and valid ${name}, as its Content-Encoding says`);
  }
}
