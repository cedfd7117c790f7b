import { randomUUID } from 'node:crypto';
import { createServer, request, type Server } from 'node:http';
import { BlobServiceClient, StorageRetryPolicyType } from '@azure/storage-blob';
import { afterAll, expect, inject, test } from 'vitest';
import { AzureBlobStore } from './azure-blob-store.ts';
import { blobKey } from './blob-keys.ts';
import { describeBlobStore } from './blob-store.contract.ts';
import { StoreUnavailable } from './blob-store.ts';

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
  const writer = await spoiled.openPart(upload, 0);
  await writer.write(Buffer.from('some bytes'));
  await spoiled.commit(upload, blobKey(digest, upload), await writer.flush(), digest);
  expect(await spoiled.stat(blobKey(digest, upload))).toMatchObject({ size: 10 });
});

test('a service that cannot be reached is said in words, within bounds, without naming the account', async () => {
  const nowhere = connection.replace(/127\.0\.0\.1:\d+/, '127.0.0.1:9');
  const store = new AzureBlobStore({ container: containerAt(nowhere) });
  await expect(store.check()).rejects.toThrow(StoreUnavailable);
  await expect(store.check()).rejects.not.toThrow(/AccountKey|127\.0\.0\.1/);
});
