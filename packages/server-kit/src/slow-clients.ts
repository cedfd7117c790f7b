import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** What a client must manage at least; times in milliseconds, rates in bytes per second. */
export interface Pace {
  /** Until the first byte of a body. */
  readonly firstByte: number;
  /** Sending, on average over so long a time. */
  readonly sendRate: number;
  readonly sendWindow: number;
  /** Reading, on average over so long a time. */
  readonly readRate: number;
  readonly readWindow: number;
  /** Between two looks. */
  readonly look: number;
}

/** reliability §5.3 */
const usualPace: Pace = {
  firstByte: 15_000,
  sendRate: 16 * 1024,
  sendWindow: 30_000,
  readRate: 8 * 1024,
  readWindow: 60_000,
  look: 1000,
};

/** A request under way: how long we have waited for its client, and for how many bytes. */
class Exchange {
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #pace: Pace;
  #received: number;
  #sent: number;
  #begun = false;
  #awaiting = 0;
  #arrived = 0;
  #draining = 0;
  #drained = 0;

  constructor(request: IncomingMessage, response: ServerResponse, pace: Pace) {
    this.#request = request;
    this.#response = response;
    this.#pace = pace;
    this.#received = request.socket.bytesRead;
    this.#sent = this.#flushed();
  }

  look(): void {
    if (this.#isSendingTooSlowly()) this.#refuse();
    else if (this.#isReadingTooSlowly()) this.#request.socket.destroy();
  }

  /** Only the time counts in which we wait for the client: bytes that nobody here has read yet are no fault of its. */
  #isSendingTooSlowly(): boolean {
    const { firstByte, sendRate, sendWindow, look } = this.#pace;
    const arrived = this.#request.socket.bytesRead - this.#received;
    this.#received += arrived;
    if (arrived > 0) this.#begun = true;
    if (this.#request.complete || this.#request.readableLength > 0 || !hasBody(this.#request)) {
      this.#awaiting = this.#arrived = 0;
      return false;
    }
    this.#awaiting += look;
    this.#arrived += arrived;
    if (!this.#begun && this.#request.socket.bytesRead > 0) return this.#awaiting > firstByte;
    if (this.#awaiting < sendWindow) return false;
    const slow = this.#arrived < (sendRate * sendWindow) / 1000;
    this.#awaiting = this.#arrived = 0;
    return slow;
  }

  #isReadingTooSlowly(): boolean {
    const { readRate, readWindow, look } = this.#pace;
    const drained = this.#flushed() - this.#sent;
    this.#sent += drained;
    if (this.#response.socket === null || this.#response.socket.writableLength === 0) {
      this.#draining = this.#drained = 0;
      return false;
    }
    this.#draining += look;
    this.#drained += drained;
    if (this.#draining < readWindow) return false;
    const slow = this.#drained < (readRate * readWindow) / 1000;
    this.#draining = this.#drained = 0;
    return slow;
  }

  /** Bytes that the system has taken from us. */
  #flushed(): number {
    const { socket } = this.#request;
    return socket.bytesWritten - socket.writableLength;
  }

  /**
   * The answer goes out past the handler, which sees a client that went away: what an upload has received until now is kept,
   * and it can be gone on with.
   */
  #refuse(): void {
    const request = this.#request;
    const gone = Object.assign(new Error('the body came too slowly'), { code: 'ECONNRESET' });
    const end = () => {
      request.destroy(gone);
    };
    if (this.#response.headersSent) {
      end();
      return;
    }
    const message = `the body came too slowly, below ${String(this.#pace.sendRate)} bytes a second; go on from where the upload stands`;
    const body = JSON.stringify({ errors: [{ code: 'BLOB_UPLOAD_INVALID', message }] });
    const head = ['HTTP/1.1 408 Request Timeout', 'Content-Type: application/json', 'Connection: close'];
    request.socket.write(`${[...head, `Content-Length: ${String(body.length)}`].join('\r\n')}\r\n\r\n${body}`, end);
  }
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/**
 * Ends what slow clients hold: a body that comes too slowly is answered 408, a reader that takes too little is cut off (T42,
 * D39). Replaces Node's limit for whole requests, which would end every long upload.
 */
export function dropSlowClients(server: Server, pace: Pace = usualPace): void {
  // By connection, because requests come and go by the thousand: a set of them leaves tables behind that point to each other, and
  // with them all requests of the last minutes wait for a collection of the whole heap.
  const connections = new Map<Socket, Exchange[]>();
  server.on('connection', (socket: Socket) => {
    connections.set(socket, []);
    socket.once('close', () => connections.delete(socket));
  });
  server.on('request', (request: IncomingMessage, response: ServerResponse) => {
    // More than one where a client does not wait for the answers.
    const underWay = connections.get(request.socket) ?? [];
    const exchange = new Exchange(request, response, pace);
    underWay.push(exchange);
    response.once('close', () => underWay.splice(underWay.indexOf(exchange), 1));
  });
  const looking = setInterval(() => {
    for (const underWay of connections.values()) for (const exchange of underWay) exchange.look();
  }, pace.look);
  looking.unref();
  server.once('close', () => {
    clearInterval(looking);
  });
}
