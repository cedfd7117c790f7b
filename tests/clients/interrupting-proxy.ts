import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What a client asked for after its download had been cut. */
export interface Resumed {
  readonly path: string;
  /** First byte of the range that it asked for. */
  readonly from: number;
  readonly status: number;
}

/** Stands before the product and cuts the first download of each large blob in the middle, as a bad line does. */
export interface InterruptingProxy {
  readonly host: string;
  readonly cuts: readonly string[];
  readonly resumed: readonly Resumed[];
  /** Forgets what it has cut: the next client meets the bad line too. */
  reset(): void;
  stop(): Promise<void>;
}

const large = 1024 * 1024;

export async function startInterruptingProxy(target: { port: number }): Promise<InterruptingProxy> {
  let cuts: string[] = [];
  let resumed: Resumed[] = [];
  const server = createServer((asked, answer) => {
    const { method, url: path = '/', headers } = asked;
    const passed = request({ host: 'localhost', port: target.port, method, path, headers }, (answered) => {
      const { statusCode = 502 } = answered;
      answer.writeHead(statusCode, answered.headers);
      const from = Number(/^bytes=(\d+)-/.exec(headers.range ?? '')?.[1] ?? 0);
      if (from > 0) resumed.push({ path, from, status: statusCode });
      const length = Number(answered.headers['content-length']);
      if (method !== 'GET' || !path.includes('/blobs/') || length < large || from > 0 || cuts.includes(path)) {
        answered.pipe(answer);
        return;
      }
      cuts.push(path);
      let sent = 0;
      answered.on('data', (data: Buffer) => {
        sent += data.length;
        answer.write(data);
        if (sent < length / 2) return;
        answered.destroy();
        // What was written goes out before the line goes dead.
        setImmediate(() => asked.socket.destroySoon());
      });
    });
    passed.on('error', () => asked.socket.destroy());
    asked.pipe(passed);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `localhost:${String(port)}`,
    get cuts() {
      return cuts;
    },
    get resumed() {
      return resumed;
    },
    reset: () => {
      cuts = [];
      resumed = [];
    },
    stop: async () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}
