import { connect, type Socket } from 'node:net';

/** What came back, as far as a benchmark needs it. */
export interface Reply {
  readonly status: number;
  /** The header block as it came. */
  readonly head: string;
  /** Bytes of the body. */
  readonly bytes: number;
}

/**
 * One kept-alive HTTP/1.1 connection that sends prepared bytes and reads one answer at a time. A client library would take
 * more of the shared processor than a fast server does.
 */
export class Wire {
  readonly #port: number;
  #socket: Socket | undefined;
  #head = '';
  #reply: { status: number; head: string; length: number; got: number; chunked: boolean } | undefined;
  #headOnly = false;
  #settle: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  async send(method: string, path: string, headers: string, body?: Uint8Array): Promise<Reply> {
    const length = body === undefined ? '' : `Content-Length: ${String(body.length)}\r\n`;
    const head = `${method} ${path} HTTP/1.1\r\nHost: localhost:${String(this.#port)}\r\n${headers}${length}\r\n`;
    return this.sendPrepared(method === 'HEAD', Buffer.from(head, 'latin1'), body);
  }

  async sendPrepared(headOnly: boolean, head: Uint8Array, body?: Uint8Array): Promise<Reply> {
    this.#socket ??= await this.#connect();
    const socket = this.#socket;
    this.#headOnly = headOnly;
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      socket.write(head);
      if (body !== undefined && body.length > 0) socket.write(body);
    });
  }

  close(): void {
    this.#socket?.destroy();
  }

  async #connect(): Promise<Socket> {
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true });
    await new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('error', reject);
    });
    socket.removeAllListeners('error');
    socket.on('data', (data) => this.#take(data));
    const lost = (error?: Error) => {
      this.#socket = undefined;
      this.#reply = undefined;
      this.#head = '';
      this.#settle?.reject(error ?? new Error('the server closed the connection'));
      this.#settle = undefined;
    };
    socket.on('error', lost);
    socket.on('close', () => lost());
    return socket;
  }

  #take(data: Buffer): void {
    let rest = data;
    if (!this.#reply) {
      this.#head += rest.toString('latin1');
      const end = this.#head.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = this.#head.slice(0, end);
      const inBody = this.#head.length - end - 4;
      rest = rest.subarray(rest.length - inBody);
      this.#head = '';
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
      const chunked = /\r\ntransfer-encoding: *chunked/i.test(head);
      this.#reply = { status: Number(head.slice(9, 12)), head, length, got: 0, chunked };
    }
    const reply = this.#reply;
    reply.got += rest.length;
    const done =
      this.#headOnly || reply.status === 204 || reply.status === 304
        ? true
        : reply.chunked
          ? rest.subarray(-5).toString('latin1') === '0\r\n\r\n'
          : reply.got >= reply.length;
    if (!done) return;
    this.#reply = undefined;
    const settle = this.#settle;
    this.#settle = undefined;
    settle?.resolve({ status: reply.status, head: reply.head, bytes: reply.got });
  }
}
