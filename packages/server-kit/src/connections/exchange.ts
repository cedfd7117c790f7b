import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** The progress that a client must make at least while the server waits for it. Times in milliseconds. */
export interface Pace {
  /** Until the first byte of a body. */
  readonly firstByte: number;
  /** How long progress is measured before it is judged; a client that moves nothing at all for so long has stalled. */
  readonly window: number;
  /** Bytes that must move within a window: received of a body, or taken of an answer. */
  readonly progress: number;
}

/** What a client is told whose request is ended before its body has come. */
export interface Ending {
  readonly status: 408 | 503;
  readonly message: string;
}

/** Milliseconds for which the rest of a body may come after its answer; then the connection ends. */
const surplusTime = 5000;

/**
 * A request under way: how long the server has waited for its client, and for how many bytes. Only the time counts in which
 * the server waits: bytes that arrived and wait to be read are not the client's fault.
 */
export class Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  #received: number;
  #sent: number;
  #begun = false;
  /** Whether the server waited for the client at the last check. */
  #waits = false;
  /** Milliseconds since the answer was out, while the body still came. */
  #surplus = 0;
  /** Milliseconds of waiting since the last byte. */
  #silence = 0;
  /** Of the present window. */
  #waited = 0;
  #moved = 0;
  /** Since the request began. */
  #waitedInAll = 0;
  #movedInAll = 0;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.request = request;
    this.response = response;
    this.#received = request.socket.bytesRead;
    this.#sent = sentBy(request.socket);
  }

  /** Both sides are done with it. */
  get isOver(): boolean {
    return (this.response.destroyed || this.response.writableFinished) && this.request.complete;
  }

  /** Bytes per second on average while the server waited for the client; undefined when it does not wait now. */
  get rate(): number | undefined {
    return this.#waits ? this.#movedInAll / (this.#waitedInAll / 1000) : undefined;
  }

  /** Bytes of the answer that the client has not taken. */
  get backlog(): number {
    return this.response.socket?.writableLength ?? 0;
  }

  /**
   * Counts what has moved since the last call.
   * @param elapsed milliseconds since then
   * @returns whether the client has stalled
   */
  look(elapsed: number, pace: Pace): boolean {
    const { socket } = this.request;
    const received = socket.bytesRead - this.#received;
    this.#received += received;
    const sent = sentBy(socket) - this.#sent;
    this.#sent += sent;
    // The first bytes of a body may have come in one packet with the head, before this exchange began to count.
    if (received > 0 || this.request.readableLength > 0 || this.request.readableDidRead) this.#begun = true;
    if (this.response.writableFinished && !this.request.complete) return (this.#surplus += elapsed) > surplusTime;
    const sending = this.#waitsForBody();
    this.#waits = sending || this.backlog > 0;
    if (!this.#waits) {
      this.#silence = this.#waited = this.#moved = 0;
      return false;
    }
    this.#count(elapsed, sending ? received : sent);
    if (sending && !this.#begun) return this.#waited > pace.firstByte;
    if (this.#silence >= pace.window) return true;
    if (this.#waited < pace.window) return false;
    const stalled = this.#moved < pace.progress;
    this.#waited = this.#moved = 0;
    return stalled;
  }

  /**
   * Answers past the handler, which sees a client that went away: what an upload has received until now is kept, and the client
   * can go on from there.
   * @param headers lines that every answer of this server has
   */
  end({ status, message }: Ending, headers: readonly string[]): void {
    const { request, response } = this;
    const isAnswered = response.headersSent || request.complete;
    const body = JSON.stringify({ errors: [{ code: status === 408 ? 'BLOB_UPLOAD_INVALID' : 'UNKNOWN', message }] });
    if (!isAnswered) {
      const more = status === 503 ? ['Retry-After: 5', ...headers] : headers;
      writeRaw(request.socket, status, body, more);
    }
    request.destroy(Object.assign(new Error(message), { code: 'ECONNRESET' }));
    request.socket.destroy();
  }

  #count(elapsed: number, moved: number): void {
    this.#silence = moved > 0 ? 0 : this.#silence + elapsed;
    this.#waited += elapsed;
    this.#waitedInAll += elapsed;
    this.#moved += moved;
    this.#movedInAll += moved;
  }

  #waitsForBody(): boolean {
    const { request } = this;
    return !request.complete && request.readableLength === 0 && hasBody(request);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * Bytes that the system has taken from this socket. Node counts a write as done only when all of it has left; a large answer
 * in one piece would seem to stand still. The handle knows how much of it is left.
 */
function sentBy(socket: Socket): number {
  const { _handle: handle } = socket as unknown as { _handle?: { writeQueueSize?: number } | null };
  return socket.bytesWritten - (handle?.writeQueueSize ?? socket.writableLength);
}

const reasons = {
  400: 'Bad Request',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Payload Too Large',
  431: 'Request Header Fields Too Large',
  503: 'Service Unavailable',
} as const;

export type RawStatus = keyof typeof reasons;

/** Writes an answer to a connection for which Node has no response object, and says that the connection ends. */
export function writeRaw(socket: Socket, status: RawStatus, body: string, headers: readonly string[]): void {
  if (!socket.writable) return;
  const head = [
    `HTTP/1.1 ${String(status)} ${reasons[status]}`,
    'Content-Type: application/json',
    'Cache-Control: no-store',
    'Connection: close',
    ...headers,
    `Content-Length: ${String(Buffer.byteLength(body))}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`);
}
