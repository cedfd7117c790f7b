import { createHmac } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { sha256 } from './oci.ts';
import type { Stack } from './stack.ts';

/** What happens to bytes behind the product's back: on a disk, or in the emulator of Azure Blob Storage. */
export interface StoredObjects {
  /** One bit of these bytes turns. */
  flip(content: Buffer): Promise<void>;
  /** The object that holds these bytes is deleted. */
  remove(digest: string): Promise<void>;
}

/** Of a product that has its bytes in its data folder. */
export function storedObjects({ dataDir }: Pick<Stack, 'dataDir'>, kind: 'filesystem' | 'azurite'): StoredObjects {
  return kind === 'filesystem'
    ? {
        flip: (content) => flipIn(path.join(dataDir, 'blobs'), content),
        remove: async (digest) => {
          const files = await filesBelow(path.join(dataDir, 'blobs'));
          for (const file of files.filter((one) => one.includes(digest.slice(7)))) await rm(file);
        },
      }
    : {
        flip: (content) => flipIn(path.join(dataDir, 'azurite'), content),
        remove: (digest) => removeFromAzurite(path.join(dataDir, 'azurite'), digest),
      };
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => path.join(entry.parentPath, entry.name));
}

async function flipIn(folder: string, content: Buffer): Promise<void> {
  let found = 0;
  for (const file of await filesBelow(folder)) {
    const bytes = await readFile(file);
    for (let at = bytes.indexOf(content); at >= 0; at = bytes.indexOf(content, at + 1)) {
      bytes[at] = (bytes[at] ?? 0) ^ 1;
      await writeFile(file, bytes);
      found += 1;
    }
  }
  if (found === 0) throw new Error('these bytes are not stored');
}

const account = 'escale';
const version = '2021-12-02';

async function removeFromAzurite(folder: string, digest: string): Promise<void> {
  const port = (await readFile(path.join(folder, 'port'), 'utf8')).trim();
  const key = (await readFile(path.join(folder, 'account-key'), 'utf8')).trim();
  const send = async (method: string, object: string, query: Record<string, string> = {}): Promise<Buffer> => {
    const url = new URL(`http://127.0.0.1:${port}/${account}/escale${object}`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const date = new Date().toUTCString();
    const signed =
      `${method}${'\n'.repeat(12)}x-ms-date:${date}\nx-ms-version:${version}\n/${account}${url.pathname}` +
      Object.keys(query)
        .sort()
        .map((name) => `\n${name}:${query[name] ?? ''}`)
        .join('');
    const signature = createHmac('sha256', Buffer.from(key, 'base64')).update(signed, 'utf8').digest('base64');
    const answer = await fetch(url, {
      method,
      headers: { 'x-ms-date': date, 'x-ms-version': version, Authorization: `SharedKey ${account}:${signature}` },
    });
    const body = Buffer.from(await answer.arrayBuffer());
    if (!answer.ok) throw new Error(`Azurite refused: ${String(answer.status)} ${body.toString()}`);
    return body;
  };
  const listed = (await send('GET', '', { restype: 'container', comp: 'list' })).toString();
  // Objects are named by their upload there; what they hold tells which is meant.
  for (const [, name = ''] of listed.matchAll(/<Name>([^<]+)<\/Name>/g)) {
    if (sha256(await send('GET', `/${name}`)) !== digest) continue;
    await send('DELETE', `/${name}`);
    return;
  }
  throw new Error(`${digest} is not stored`);
}
