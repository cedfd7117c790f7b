import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createServer, request, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { BlobServiceClient, StorageRetryPolicyType } from '@azure/storage-blob';
import { afterAll, expect, inject, test } from 'vitest';
import { AzureBlobStore } from './azure-blob-store.ts';
import { blobKey } from './blob-keys.ts';
import { describeBlobStore, nothing } from './blob-store.contract.ts';
import { StoreUnavailable, type StagedUpload } from './blob-store.ts';

declare module 'vitest' {
  interface ProvidedContext {
    azureConnectionString: string;
  }
}

const connection = inject('azureConnectionString');
const name = `test-${randomUUID().slice(0, 8)}`;
/** Quick to give up: what is tested is that it does, and how it says so. */
const retryOptions = {
  retryPolicyType: StorageRetryPolicyType.FIXED,
  maxTries: 2,
  retryDelayInMs: 20,
  tryTimeoutInMs: 2000,
};
const containerAt = (text: string) =>
  BlobServiceClient.fromConnectionString(text, { retryOptions }).getContainerClient(name);

describeBlobStore('Azure', async () => new AzureBlobStore({ container: containerAt(connection) }));

const servers: Server[] = [];
afterAll(() => {
  for (const server of servers) server.close();
});

/** Passes everything on to the emulator, and spoils the answers to commits after they took effect. */
async function applyThenFail(): Promise<string> {
  const target = new URL(/BlobEndpoint=([^;]+)/.exec(connection)?.[1] ?? '');
  const server = createServer((incoming, answer) => {
    const onward = request(
      {
        host: target.hostname,
        port: target.port,
        path: incoming.url,
        method: incoming.method,
        headers: incoming.headers,
      },
      (reply) => {
        const isCommit = incoming.url?.includes('comp=blocklist') === true;
        answer.writeHead(isCommit ? 500 : (reply.statusCode ?? 500), isCommit ? {} : reply.headers);
        if (isCommit) {
          reply.resume();
          answer.end();
        } else reply.pipe(answer);
      },
    );
    onward.on('error', () => answer.destroy());
    incoming.pipe(onward);
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0;
  return connection.replace(`${target.hostname}:${target.port}`, `127.0.0.1:${port}`);
}

test('a commit that took effect while its answer was lost counts as done (D18)', async () => {
  const spoiled = new AzureBlobStore({ container: containerAt(await applyThenFail()) });
  const upload = randomUUID();
  const digest = `sha256:${'0'.repeat(64)}`;
  const writer = spoiled.openUpload(upload, nothing);
  await writer.write(Buffer.alloc(100_000));
  const staged = await writer.flush();
  expect(staged.parts).toHaveLength(1);
  await spoiled.openUpload(upload, staged).commit(blobKey(digest, upload), digest);
  expect(await spoiled.stat(blobKey(digest, upload))).toMatchObject({ size: 100_000 });
});

test('a service that cannot be reached is said in words, within bounds, without naming the account', async () => {
  const nowhere = connection.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9');
  const store = new AzureBlobStore({ container: containerAt(nowhere) });
  await expect(store.check()).rejects.toThrow(StoreUnavailable);
  await expect(store.check()).rejects.not.toThrow(/AccountKey|127\.0\.0\.1/);
});

test('6,000 chunks of 1 KiB become few blocks, and nothing is lost between processes (D24)', async () => {
  const upload = randomUUID();
  const content = randomBytes(6000 * 1024);
  let staged: StagedUpload = nothing;
  for (let at = 0; at < content.length; at += 1024) {
    // A store of its own each time: all that is known is what the last one returned.
    const writer = new AzureBlobStore({ container: containerAt(connection) }).openUpload(upload, staged);
    await writer.write(content.subarray(at, at + 1024));
    staged = await writer.flush();
  }
  expect(staged.parts.length).toBeLessThan(200);
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`;
  const store = new AzureBlobStore({ container: containerAt(connection) });
  await store.openUpload(upload, staged).commit(blobKey(digest, upload), digest);
  const back = await store.read(blobKey(digest, upload));
  expect(back && (await buffer(back)).equals(content)).toBe(true);
}, 120_000);

test('when memory is short, uploads go on with smaller blocks, and a slow one does not hold up the others', async () => {
  const store = new AzureBlobStore({ container: containerAt(connection) });
  const piece = randomBytes(64 * 1024);
  const digest = `sha256:${'1'.repeat(64)}`;
  const slow = Array.from({ length: 40 }, () => store.openUpload(randomUUID(), nothing));
  // 40 × 4 MiB are more than there is for all.
  for (let count = 0; count < 60; count += 1) for (const writer of slow) await writer.write(piece);
  const upload = randomUUID();
  const quick = store.openUpload(upload, nothing);
  for (let count = 0; count < 200; count += 1) await quick.write(piece);
  await quick.commit(blobKey(digest, upload), digest);
  expect(await store.stat(blobKey(digest, upload))).toMatchObject({ size: 200 * piece.length });
  await Promise.all(slow.map((writer) => writer.abort()));
}, 120_000);
