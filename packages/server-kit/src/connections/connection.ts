import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Exchange } from './exchange.ts';

/** Bytes at the end of a read that may belong to the head itself, before they are taken for the next request's. */
const usualHead = 4096;

/** One client connection, and what it holds. */
export class Connection {
  readonly socket: Socket;
  /** More than one where a client does not wait for the answers. */
  readonly exchanges: Exchange[] = [];
  /** Whose it is: the client's address, as far as it is known. */
  source: string;
  /** Milliseconds without a request under way. */
  idle = 0;
  #hasAsked = false;
  /** Bytes read by the end of the last request. */
  #mark = 0;

  constructor(socket: Socket) {
    this.socket = socket;
    this.source = socket.remoteAddress ?? '';
  }

  /** Bytes of the head of a request that is not complete yet. */
  get headBytes(): number {
    return this.exchanges.length > 0 ? 0 : Math.max(0, this.socket.bytesRead - this.#mark);
  }

  /** Whether a head is awaited: of the first request, or of a next one that has begun. */
  get awaitsHead(): boolean {
    return this.exchanges.length === 0 && (!this.#hasAsked || this.headBytes > 0);
  }

  begin(request: IncomingMessage, response: ServerResponse): Exchange {
    const exchange = new Exchange(request, response);
    const read = this.socket.bytesRead;
    const sinceLast = read - this.#mark;
    // A client that does not wait may have sent a part of the next head in the same packet.
    const ahead = sinceLast > usualHead ? Math.max(0, sinceLast - headSize(request) - usualHead) : 0;
    const body = Number(request.headers['content-length'] ?? 0);
    this.#mark = read - Math.max(0, ahead - (Number.isFinite(body) ? body : 0));
    this.#hasAsked = true;
    this.idle = 0;
    this.exchanges.push(exchange);
    return exchange;
  }

  /** Forgets a request that both sides are done with. */
  finish(exchange: Exchange): void {
    const place = this.exchanges.indexOf(exchange);
    if (place < 0) return;
    this.exchanges.splice(place, 1);
    const { headers } = exchange.request;
    const body = Number(headers['content-length'] ?? 0);
    if (headers['transfer-encoding'] !== undefined) this.#mark = this.socket.bytesRead;
    else if (body > 0) this.#mark = Math.min(this.#mark + body, this.socket.bytesRead);
  }
}

/** Bytes of a head, roughly: without white space that nobody needs. */
function headSize({ method = '', url = '', rawHeaders }: IncomingMessage): number {
  return rawHeaders.reduce((sum, text) => sum + text.length + 2, method.length + url.length + 14);
}
