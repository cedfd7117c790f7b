// npm run test:storms [-- --only NAME] [--scale 1]
// What a registry must bear without falling over: a fleet that signs in at once, clients that hang, manifests as large as they may
// be, an image that everybody signs, and more pushes than the machine can take (reliability.md L5, L6, L9, L12, L15).
import { createHash } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { manifestType } from '../bench/image.ts';
import { Wire, type Reply } from '../bench/wire.ts';
import { applicationToken } from '../support/application-token.ts';
import { residentOf } from '../support/memory.ts';
import { imageManifest, OciClient, sha256 } from '../support/oci.ts';
import { seededRandom } from '../support/random.ts';
import { signIn } from '../support/sign-in.ts';
import { startStack, type Stack } from '../support/stack.ts';

const { values } = parseArgs({
  options: { only: { type: 'string', default: '' }, scale: { type: 'string', default: '1' } },
});
if (process.platform !== 'linux') {
  console.error('test:storms reads /proc: it needs Linux');
  process.exit(1);
}
const scale = Number(values.scale);
const many = (count: number): number => Math.max(1, Math.round(count * scale));

/** One thing that was looked at, beside what it may be at most. */
interface Line {
  readonly what: string;
  readonly value: number;
  readonly limit: number;
  readonly unit: string;
}

/** A started product with somebody who may push. */
interface Scene {
  readonly stack: Stack;
  readonly basic: string;
  readonly client: OciClient;
  /** A header line with a token for a repository. */
  readonly bearer: (repository: string) => Promise<string>;
}

async function open(): Promise<Scene> {
  // One that begins thousands of uploads at once is not what the limit of unfinished ones is for.
  const stack = await startStack({
    environment: { ESCALE_LOG_LEVEL: 'error', ESCALE_UPLOAD_SESSIONS: '1000000' },
    quiet: true,
  });
  const { username, password } = await applicationToken(await signIn(stack, 'alice'), 'storms');
  const basic = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  return {
    stack,
    basic,
    client: new OciClient(stack.url, { username, password }),
    bearer: async (repository) => {
      const url = `${stack.url}/v2/auth?scope=repository:${repository}:pull,push`;
      const answer = await fetch(url, { headers: { Authorization: basic } });
      return `Authorization: Bearer ${((await answer.json()) as { token: string }).token}\r\n`;
    },
  };
}

/** Milliseconds that requests took, one after the other on each of so many connections. */
async function timed(
  port: number,
  connections: number,
  milliseconds: number,
  ask: (wire: Wire) => Promise<Reply>,
): Promise<{ times: number[]; statuses: Map<number, number> }> {
  const times: number[] = [];
  const statuses = new Map<number, number>();
  const until = performance.now() + milliseconds;
  await Promise.all(
    Array.from({ length: connections }, async () => {
      const wire = new Wire(port);
      while (performance.now() < until) {
        const begun = performance.now();
        const { status } = await ask(wire);
        times.push(performance.now() - begun);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      wire.close();
    }),
  );
  return { times: times.sort((a, b) => a - b), statuses };
}

const at = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
const countOf = (statuses: ReadonlyMap<number, number>, bad: (status: number) => boolean): number =>
  [...statuses].reduce((sum, [status, count]) => sum + (bad(status) ? count : 0), 0);

/** L12: a fleet of pipelines exchanges its credentials within a second. */
async function logins({ stack, basic }: Scene): Promise<Line[]> {
  const wires = Array.from({ length: many(200) }, () => new Wire(stack.port));
  const begun = performance.now();
  let slowest = 0;
  let refused = 0;
  await Promise.all(
    wires.map(async (wire, lane) => {
      for (let turn = 0; turn < 10; turn += 1) {
        const asked = performance.now();
        const path = `/v2/auth?scope=repository:alice/fleet-${String(lane)}:pull,push`;
        if ((await wire.send('GET', path, `Authorization: ${basic}\r\n`)).status !== 200) refused += 1;
        slowest = Math.max(slowest, performance.now() - asked);
      }
      wire.close();
    }),
  );
  return [
    {
      what: `${String(wires.length * 10)} logins, all answered`,
      value: performance.now() - begun,
      limit: 3000,
      unit: 'ms',
    },
    { what: 'the slowest of them', value: slowest, limit: 3000, unit: 'ms' },
    { what: 'not answered with a token', value: refused, limit: 0, unit: '' },
  ];
}

/** L6: connections that say a byte now and then, and connections that say nothing. */
async function hanging({ stack, client, bearer }: Scene): Promise<Line[]> {
  await client.pushImage('alice/read', '1');
  const headers = (await bearer('alice/read')) + `Accept: ${manifestType}\r\n`;
  const read = (wire: Wire) => wire.send('GET', '/v2/alice/read/manifests/1', headers);
  await timed(stack.port, 64, 1500, read);
  const before = await timed(stack.port, 64, 3000, read);
  const memory = residentOf(stack.pid).now;
  const sockets = new Set<Socket>();
  const hang = async (count: number, says: string): Promise<Socket[]> => {
    const made: Socket[] = [];
    for (let done = 0; done < count; done += 200) {
      const batch = Array.from({ length: Math.min(200, count - done) }, () => {
        const socket = connect({ host: '127.0.0.1', port: stack.port });
        socket.on('error', () => undefined);
        sockets.add(socket);
        return new Promise<Socket>((resolve) => socket.once('connect', () => resolve(socket)));
      });
      for (const socket of await Promise.all(batch)) {
        socket.write(says);
        socket.resume();
        made.push(socket);
      }
    }
    return made;
  };
  await hang(many(10_000), 'GET /v2/ HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const slow = await hang(many(5000), 'GET /v2/ HTTP/1.1\r\nHost: loc');
  const begun = performance.now();
  const dripping = setInterval(() => {
    for (const socket of slow) if (socket.writable) socket.write('a');
  }, 2000);
  await sleep(1000);
  const during = await timed(stack.port, 64, 3000, read);
  const grown = residentOf(stack.pid).now - memory;
  while (slow.some((socket) => !socket.closed) && performance.now() - begun < 60_000) await sleep(250);
  const closed = (performance.now() - begun) / 1000;
  clearInterval(dripping);
  for (const socket of sockets) socket.destroy();
  const [p99, now] = [at(before.times, 0.99), at(during.times, 0.99)];
  return [
    {
      what: `reads among ${String(sockets.size)} that hang, p99`,
      value: now,
      limit: Math.max(2 * p99, 60),
      unit: 'ms',
    },
    { what: 'memory for them', value: grown, limit: 200, unit: 'MiB' },
    { what: 'the slow ones are sent away after', value: closed, limit: 30, unit: 's' },
  ];
}

/** L9, first half: manifests as large as they may be, all at once. */
async function large({ stack, bearer }: Scene): Promise<Line[]> {
  const as = await bearer('alice/large');
  const memory = residentOf(stack.pid).now;
  let peak = memory;
  const sampling = setInterval(() => (peak = Math.max(peak, residentOf(stack.pid).now)), 100);
  let wrong = 0;
  const filling = 'x'.repeat(4 * 1024 * 1024 - 1000);
  await Promise.all(
    Array.from({ length: many(500) }, async (_, index) => {
      const body = Buffer.from(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: indexType,
          manifests: [],
          annotations: { index: String(index), filling },
        }),
      );
      const wire = new Wire(stack.port);
      const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
      const { status } = await wire.send(
        'PUT',
        `/v2/alice/large/manifests/${digest}`,
        `${as}Content-Type: ${indexType}\r\n`,
        body,
      );
      if (status !== 201 && status !== 429 && status !== 503) wrong += 1;
      wire.close();
    }),
  );
  clearInterval(sampling);
  return [
    { what: `${String(many(500))} manifests of 4 MiB at once: memory`, value: peak - memory, limit: 150, unit: 'MiB' },
    { what: 'answered with neither 201, 429 nor 503', value: wrong, limit: 0, unit: '' },
  ];
}
const indexType = 'application/vnd.oci.image.index.v1+json';

/** L9, second half: one image with thousands of signatures. */
async function referrers({ stack, client, bearer }: Scene): Promise<Line[]> {
  const { digest } = await client.pushImage('alice/signed', '1');
  const as = await bearer('alice/signed');
  const config = Buffer.from('{}');
  await client.pushBlob('alice/signed', config);
  const subject = { mediaType: manifestType, digest, size: 1 };
  const count = many(10_000);
  let next = 0;
  await Promise.all(
    Array.from({ length: 8 }, async () => {
      const wire = new Wire(stack.port);
      for (let index = next++; index < count; index = next++) {
        const body = Buffer.from(
          JSON.stringify({
            ...(JSON.parse(imageManifest(config, [])) as object),
            artifactType: 'application/vnd.example.signature',
            subject,
            annotations: { index: String(index) },
          }),
        );
        const { status } = await wire.send(
          'PUT',
          `/v2/alice/signed/manifests/${sha256(body)}`,
          `${as}Content-Type: ${manifestType}\r\n`,
          body,
        );
        if (status !== 201) throw new Error(`a referrer was answered ${String(status)}`);
      }
      wire.close();
    }),
  );
  const times: number[] = [];
  const found = new Set<string>();
  for (let round = 0; round < 5; round += 1) {
    for (let path: string | undefined = `/v2/alice/signed/referrers/${digest}`; path !== undefined;) {
      const begun = performance.now();
      const answer: Response = await client.request(path);
      const { manifests } = (await answer.json()) as { manifests: { digest: string }[] };
      times.push(performance.now() - begun);
      for (const manifest of manifests) found.add(manifest.digest);
      path = /<([^>]+)>/.exec(answer.headers.get('link') ?? '')?.[1];
    }
  }
  times.sort((a, b) => a - b);
  return [
    { what: `a page of ${String(count)} referrers, p99`, value: at(times, 0.99), limit: 150, unit: 'ms' },
    { what: 'of them not found on any page', value: count - found.size, limit: 0, unit: '' },
  ];
}

/** L15: more pushes and pulls than the machine can take, for a while; then all is as before. */
async function overload({ stack, client, bearer }: Scene): Promise<Line[]> {
  await client.pushImage('alice/busy', '1');
  const as = await bearer('alice/busy');
  const read = (wire: Wire) => wire.send('GET', '/v2/alice/busy/manifests/1', `${as}Accept: ${manifestType}\r\n`);
  await timed(stack.port, 1, 1000, read);
  const before = await timed(stack.port, 1, 1000, read);
  const memory = residentOf(stack.pid).now;
  const random = seededRandom(15);
  const push = async (wire: Wire): Promise<Reply> => {
    const blob = random.bytes(2000);
    return wire.send('POST', `/v2/alice/busy/blobs/uploads/?digest=${sha256(blob)}`, as, blob);
  };
  let turn = 0;
  const storm = await timed(stack.port, many(1000), 20_000, (wire) =>
    (turn += 1) % 4 === 0 ? push(wire) : read(wire),
  );
  const grown = residentOf(stack.pid).peak - memory;
  const ended = performance.now();
  let recovered: number | undefined;
  while (recovered === undefined && performance.now() - ended < 30_000) {
    const { times } = await timed(stack.port, 1, 500, read);
    if (at(times, 0.5) <= 2 * at(before.times, 0.5) + 1) recovered = (performance.now() - ended) / 1000;
  }
  const failed = countOf(storm.statuses, (status) => status >= 400 && status !== 429 && status !== 503);
  return [
    { what: `${String(many(1000))} connections push and pull: failures`, value: failed, limit: 0, unit: '' },
    { what: `of ${String(storm.times.length)} requests, p99`, value: at(storm.times, 0.99), limit: 5000, unit: 'ms' },
    { what: 'memory for it', value: grown, limit: 300, unit: 'MiB' },
    { what: 'back to normal after', value: recovered ?? Infinity, limit: 10, unit: 's' },
  ];
}

/** L5: a layer of 2 GiB in chunks; every so often its client goes away in the middle of one, and goes on from what is held. */
async function resumed({ stack, bearer }: Scene): Promise<Line[]> {
  const as = await bearer('alice/long');
  const chunk = 8 * 1024 * 1024;
  const chunks = many(256);
  const random = seededRandom(5).bytes(chunk);
  const piece = (index: number) => {
    random.writeUInt32LE(index, 0);
    return random;
  };
  const hash = createHash('sha256');
  for (let index = 0; index < chunks; index += 1) hash.update(piece(index));
  const wire = new Wire(stack.port);
  const begun = await wire.send('POST', '/v2/alice/long/blobs/uploads/', as, Buffer.alloc(0));
  const location = /\r\nlocation: *([^\r]+)/i.exec(begun.head)?.[1]?.replace(/^https?:\/\/[^/]+/, '') ?? '';
  let low = Infinity;
  let high = 0;
  let resumes = 0;
  for (let index = 0; index < chunks; index += 1) {
    const body = piece(index);
    let from = 0;
    if (index % 5 === 0) {
      resumes += 1;
      await cutShort(stack.port, location, as, body, index * chunk);
      from = (await heldAfterCut(wire, location, as, index * chunk)) - index * chunk;
    }
    const range = `Content-Range: ${String(index * chunk + from)}-${String((index + 1) * chunk - 1)}\r\n`;
    if (from < chunk) {
      const { status } = await wire.send('PATCH', location, as + range, body.subarray(from));
      if (status !== 202) throw new Error(`a chunk was answered ${String(status)}`);
    }
    // The first chunks warm up what is used from then on.
    if (index >= 16) {
      const { now } = residentOf(stack.pid);
      low = Math.min(low, now);
      high = Math.max(high, now);
    }
  }
  const put = await wire.send('PUT', `${location}?digest=sha256:${hash.digest('hex')}`, as, Buffer.alloc(0));
  wire.close();
  return [
    {
      what: `${String((chunks * 8) / 1024)} GiB, cut short ${String(resumes)} times: 201 at the end`,
      value: put.status === 201 ? 0 : put.status,
      limit: 0,
      unit: '',
    },
    { what: 'memory between the least and the most', value: high - low, limit: 40, unit: 'MiB' },
  ];
}

/** Sends half of a chunk that is announced as whole, and goes away. */
async function cutShort(port: number, location: string, as: string, body: Buffer, offset: number): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port });
  const range = `Content-Range: ${String(offset)}-${String(offset + body.length - 1)}\r\n`;
  socket.write(
    `PATCH ${location} HTTP/1.1\r\nHost: localhost\r\n${as}${range}Content-Length: ${String(body.length)}\r\n\r\n`,
  );
  await new Promise<void>((resolve) => socket.write(body.subarray(0, body.length / 2), () => resolve()));
  await sleep(20);
  socket.destroy();
}

/** Waits until the interrupted request is over, which shows in what is held. @returns bytes held */
async function heldAfterCut(wire: Wire, location: string, as: string, least: number): Promise<number> {
  for (let tries = 0; tries < 100; tries += 1) {
    await sleep(30);
    const { head } = await wire.send('GET', location, as);
    const last = Number(/\r\nrange: *0-(\d+)/i.exec(head)?.[1] ?? 0);
    const held = last === 0 ? 0 : last + 1;
    if (held > least) return held;
  }
  return least;
}

const storms = { logins, hanging, large, referrers, overload, resumed };
let passed = 0;
let failed = 0;
for (const [name, storm] of Object.entries(storms)) {
  if (!name.includes(values.only)) continue;
  const scene = await open();
  try {
    for (const { what, value, limit, unit } of await storm(scene)) {
      const within = value <= limit;
      if (within) passed += 1;
      else failed += 1;
      const shown = Number.isInteger(value) ? String(value) : value.toFixed(1);
      console.log(
        `${name.padEnd(10)} ${what.padEnd(52)} ${shown.padStart(7)} ${unit} of ${String(Math.round(limit))}${within ? '' : '  TOO MUCH'}`,
      );
    }
  } finally {
    await scene.stack.stop();
  }
}
console.log(`${String(passed)} passed, ${String(failed)} failed`);
process.exit(failed === 0 ? 0 : 1);
