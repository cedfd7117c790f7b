import { randomBytes } from 'node:crypto';
import { expectStatus, manifestOf, manifestType, pushBlob } from './image.ts';
import { Wire } from './wire.ts';

/** What a load process is told to do. */
export interface Load {
  readonly port: number;
  readonly connections: number;
  readonly milliseconds: number;
  readonly work:
    | { readonly kind: 'read'; readonly method: 'GET' | 'HEAD'; readonly targets: readonly Target[] }
    | { readonly kind: 'push'; readonly layerBytes: number; readonly targets: readonly Target[] };
}

/** A path to read, or a repository to push to; headers end with a line break each. */
export interface Target {
  readonly path: string;
  readonly headers: string;
}

export interface LoadResult {
  /** Requests, or images pushed. */
  readonly count: number;
  readonly bytes: number;
  readonly seconds: number;
  /** Milliseconds. */
  readonly median: number;
  readonly p99: number;
}

/** Runs one load; a process of its own, so that it measures the server and not the one who prepares it. */
async function run({ port, connections, milliseconds, work }: Load): Promise<LoadResult> {
  const times: number[] = [];
  let bytes = 0;
  const begun = performance.now();
  const end = begun + milliseconds;
  await Promise.all(
    Array.from({ length: connections }, async (_, lane) => {
      const wire = new Wire(port);
      const once = work.kind === 'read' ? reader(work, port) : pusher(work);
      for (let turn = lane; performance.now() < end; turn += connections) {
        const asked = performance.now();
        // Apart from the sum: other lanes add to it while this one waits.
        const got = await once(wire, turn);
        bytes += got;
        times.push(performance.now() - asked);
      }
      wire.close();
    }),
  );
  const seconds = (performance.now() - begun) / 1000;
  times.sort((a, b) => a - b);
  const at = (share: number) => times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  return { count: times.length, bytes, seconds, median: at(0.5), p99: at(0.99) };
}

type Once = (wire: Wire, turn: number) => Promise<number>;

function reader(work: Extract<Load['work'], { kind: 'read' }>, port: number): Once {
  const prepared = work.targets.map(({ path, headers }) =>
    Buffer.from(`${work.method} ${path} HTTP/1.1\r\nHost: localhost:${String(port)}\r\n${headers}\r\n`, 'latin1'),
  );
  const headOnly = work.method === 'HEAD';
  return async (wire, turn) => {
    const reply = await wire.sendPrepared(headOnly, prepared[turn % prepared.length] ?? Buffer.alloc(0));
    if (reply.status !== 200) throw new Error(`${work.method} answered ${String(reply.status)}`);
    return reply.bytes;
  };
}

/** A whole small image: a config and one layer of random bytes, each POST and PUT, then the manifest; five requests. */
function pusher({ targets, layerBytes }: Extract<Load['work'], { kind: 'push' }>): Once {
  return async (wire, turn) => {
    const { path, headers } = targets[turn % targets.length] ?? { path: '', headers: '' };
    const layer = randomBytes(layerBytes);
    const config = Buffer.from(
      JSON.stringify({ architecture: 'amd64', os: 'linux', made: randomBytes(8).toString('hex') }),
    );
    for (const blob of [config, layer]) await pushBlob(wire, path, headers, blob);
    const manifest = Buffer.from(manifestOf(config, [layer]));
    const type = `Content-Type: ${manifestType}\r\n`;
    const tag = randomBytes(8).toString('hex');
    expectStatus(await wire.send('PUT', `${path}/manifests/${tag}`, headers + type, manifest), 201);
    return layerBytes;
  };
}

if (process.send) {
  process.once('message', (load: Load) => {
    run(load).then(
      (result) => process.send?.({ result }, () => process.exit(0)),
      (error: unknown) => process.send?.({ error: String(error) }, () => process.exit(1)),
    );
  });
}
