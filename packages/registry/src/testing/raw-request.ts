import { connect } from 'node:net';

/** What came back over a socket before the other side, or the time, ended it. */
export interface RawAnswer {
  /** 0 when nothing came. */
  readonly status: number;
  /** Status line and headers. */
  readonly head: string;
  readonly body: string;
  /** Whether the server ended the connection. */
  readonly closed: boolean;
}

/**
 * Writes bytes as they are to a server and reads what it answers, for requests that no client library would send.
 * @param text latin1: one character is one byte
 * @param more further pieces, written for as long as the server takes them
 */
export function rawRequest(url: string, text: string, more?: Iterable<Buffer>): Promise<RawAnswer> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let received = '';
    let closed = false;
    const end = () => {
      clearTimeout(timer);
      socket.destroy();
      const [head = '', ...rest] = received.split('\r\n\r\n');
      resolve({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(head)?.[1] ?? 0), head, body: rest.join('\r\n\r\n'), closed });
    };
    const timer = setTimeout(end, 5000);
    socket.on('data', (data) => (received += data.toString('latin1')));
    // A server that stops reading in the middle resets the connection; what it had answered has been received by then.
    socket.on('error', () => undefined);
    socket.on('close', () => {
      closed = true;
      end();
    });
    socket.on('end', () => {
      closed = true;
      end();
    });
    const pieces = more?.[Symbol.iterator]();
    const write = () => {
      for (let next = pieces?.next(); next && !next.done; next = pieces?.next()) {
        if (!socket.write(next.value)) {
          socket.once('drain', write);
          return;
        }
      }
    };
    socket.write(Buffer.from(text, 'latin1'), write);
  });
}
