// npm run test:memory [-- --store filesystem|azurite|both] [--gib 4] [--uploads 200]
// Measures the server's resident memory at rest, during one big layer, and during many uploads at once. Content is made while it
// is sent: nothing comes from a disk.
import { createHash } from 'node:crypto';
import { parseArgs } from 'node:util';
import { applicationToken } from '../support/application-token.ts';
import { residentOf, treeMemory } from '../support/memory.ts';
import { OciClient } from '../support/oci.ts';
import { seededRandom } from '../support/random.ts';
import { signIn } from '../support/sign-in.ts';
import { startStack, type Stack } from '../support/stack.ts';

const mebibyte = 2 ** 20;
/** The goals of docs/guarantees.md, in MiB. */
const limits = { atRest: 250, server: 512 };
/** Of one namespace at most so many uploads are open; the many come to two. */
const namespaces = ['alice', 'bob', 'carol'] as const;

const { values } = parseArgs({
  options: {
    store: { type: 'string', default: 'both' },
    gib: { type: 'string', default: '4' },
    uploads: { type: 'string', default: '200' },
  },
});
if (process.platform !== 'linux') {
  console.error('test:memory reads /proc: it needs Linux');
  process.exit(1);
}

interface Line {
  readonly what: string;
  readonly mebibytes: number;
  readonly limit: number;
  readonly seconds: number;
}

const block = seededRandom(1).bytes(mebibyte);

/** Bytes that nobody has sent before, a mebibyte at a time: the block, with its number and its owner in front. */
function* content(owner: number, mebibytes: number): Generator<Buffer<ArrayBuffer>> {
  for (let index = 0; index < mebibytes; index += 1) {
    const piece = Buffer.from(block);
    piece.writeUInt32LE(owner, 0);
    piece.writeUInt32LE(index, 4);
    yield piece;
  }
}

function streamOf(pieces: Generator<Buffer<ArrayBuffer>>): ReadableStream<Uint8Array<ArrayBuffer>> {
  return new ReadableStream({
    pull: (controller) => {
      const { value, done } = pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}

async function push(client: OciClient, repository: string, owner: number, mebibytes: number): Promise<void> {
  const hash = createHash('sha256');
  for (const piece of content(owner, mebibytes)) hash.update(piece);
  const digest = `sha256:${hash.digest('hex')}`;
  const begun = await client.request(`/v2/${repository}/blobs/uploads/`, { method: 'POST' });
  const location = begun.headers.get('location');
  if (begun.status !== 202 || location === null) throw new Error(`POST answered ${String(begun.status)}`);
  const body = streamOf(content(owner, mebibytes));
  const patch = await client.request(location, { method: 'PATCH', body, duplex: 'half' } as RequestInit);
  if (patch.status !== 202) throw new Error(`PATCH answered ${String(patch.status)} ${await patch.text()}`);
  const put = await client.request(`${location}?digest=${digest}`, { method: 'PUT' });
  if (put.status !== 201) throw new Error(`PUT answered ${String(put.status)} ${await put.text()}`);
  const head = await client.request(`/v2/${repository}/blobs/${digest}`, { method: 'HEAD' });
  if (head.headers.get('content-length') !== String(mebibytes * mebibyte)) throw new Error('the blob has another size');
  await client.request(`/v2/${repository}/blobs/${digest}`, { method: 'DELETE' });
}

async function measure(blobStore: 'filesystem' | 'azurite'): Promise<Line[]> {
  const lines: Line[] = [];
  const stack = await startStack({ blobStore, environment: { ESCALE_LOG_LEVEL: 'error' } });
  try {
    lines.push({ what: 'whole tree at rest', mebibytes: treeMemory(stack.pid), limit: limits.atRest, seconds: 0 });
    const clients = new Map<string, OciClient>();
    for (const name of namespaces) {
      clients.set(name, new OciClient(stack.url, await applicationToken(await signIn(stack, name), 'load')));
    }
    const pushTo = (index: number, mebibytes: number) => {
      const name = namespaces[index % namespaces.length] ?? 'alice';
      const client = clients.get(name);
      if (!client) throw new Error(`${name} is not signed in`);
      return push(client, `${name}/load${String(index)}`, index, mebibytes);
    };
    const gib = Number(values.gib);
    const uploads = Number(values.uploads);
    // The repositories are made before: what is measured is uploads.
    lines.push(await peak(stack, `one layer of ${String(gib)} GiB`, () => pushTo(0, gib * 1024)));
    lines.push(
      await peak(stack, `${String(uploads)} uploads of 64 MiB at once`, async () => {
        await Promise.all(Array.from({ length: uploads }, (_, index) => pushTo(index + 1, 64)));
      }),
    );
  } finally {
    await stack.stop();
  }
  return lines;
}

async function peak(stack: Stack, what: string, work: () => Promise<void>): Promise<Line> {
  const begun = Date.now();
  let mebibytes = 0;
  const sampling = setInterval(() => (mebibytes = Math.max(mebibytes, residentOf(stack.pid).now)), 100);
  await work().finally(() => {
    clearInterval(sampling);
  });
  return { what, mebibytes, limit: limits.server, seconds: Math.round((Date.now() - begun) / 1000) };
}

const stores =
  values.store === 'both' ? (['filesystem', 'azurite'] as const) : ([values.store] as ('filesystem' | 'azurite')[]);
let failed = 0;
let passed = 0;
for (const store of stores) {
  for (const { what, mebibytes, limit, seconds } of await measure(store)) {
    const within = mebibytes <= limit;
    if (within) passed += 1;
    else failed += 1;
    console.log(
      `${store.padEnd(10)} ${what.padEnd(32)} ${String(mebibytes).padStart(4)} MiB of ${String(limit)}${within ? '' : '  TOO MUCH'}` +
        (seconds > 0 ? `  (${String(seconds)} s)` : ''),
    );
  }
}
console.log(`${String(passed)} passed, ${String(failed)} failed`);
process.exit(failed === 0 ? 0 : 1);
