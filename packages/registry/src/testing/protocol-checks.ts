import { createHash } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { BlobKey } from '../storage/blob-store.ts';
import { keyOf, type ProtocolModel } from './protocol-model.ts';
import { digestOfText, type StorageBench } from './storage-bench.ts';

/** A promise that was broken; the message says which. */
export class PromiseBroken extends Error {
  override readonly name = 'PromiseBroken';
}

interface BlobRow {
  repository_id: string;
  digest: string;
  storage_key: string;
  state: string;
}

/** Compares what clients were told with what is there: P1 to P4, after every command. */
export async function checkPromises(model: ProtocolModel, bench: StorageBench): Promise<void> {
  const manifests = await bench.rows<{ id: string; repository_id: string; digest: string }>(
    'select id, repository_id, digest from manifests where deleted_at is null',
  );
  const here = new Set(manifests.map((row) => `${row.repository_id} ${row.digest}`));
  const rows = await bench.rows<BlobRow>(
    `select l.repository_id, b.digest, b.storage_key, b.state from repository_blobs l join blobs b on b.id = l.blob_id`,
  );
  const blobs = new Map(rows.map((row) => [`${row.repository_id} ${row.digest}`, row]));
  const sound = new Map<string, boolean>();
  const usable = async (key: string): Promise<boolean> => {
    const row = blobs.get(key);
    if (row?.state !== 'live') return false;
    const known = sound.get(row.storage_key) ?? (await isSound(bench, row));
    sound.set(row.storage_key, known);
    return known;
  };
  for (const { repository, digest, blobs: listed } of model.readable()) {
    if (!here.has(keyOf(repository, digest))) throw new PromiseBroken(`P1: the manifest ${digest} is gone`);
    for (const text of listed) {
      if (!(await usable(keyOf(repository, digestOfText(text)))))
        throw new PromiseBroken(`P1: the manifest ${digest} lost its blob "${text}"`);
    }
  }
  for (const { repository, text } of model.promised()) {
    if (!(await usable(keyOf(repository, digestOfText(text)))))
      throw new PromiseBroken(`P2: the promised blob "${text}" cannot be used`);
  }
  for (const { repository, digest } of model.gone()) {
    if (here.has(keyOf(repository, digest))) throw new PromiseBroken(`P4: the deleted manifest ${digest} is back`);
  }
  for (const { repository, text } of model.deletedBlobs()) {
    if (blobs.has(keyOf(repository, digestOfText(text))))
      throw new PromiseBroken(`P4: the deleted blob "${text}" is back`);
  }
}

/** P3: what would be served is what its digest says. */
async function isSound(bench: StorageBench, { storage_key, digest }: BlobRow): Promise<boolean> {
  const bytes = await bench.store.look(storage_key as BlobKey);
  if (!bytes) return false;
  const found = createHash('sha256')
    .update(await buffer(bytes))
    .digest('hex');
  if (`sha256:${found}` !== digest) throw new PromiseBroken(`P3: ${digest} would be served with other bytes`);
  return true;
}

/** P5: when everything has come to rest, the store holds what the rows name and nothing else. */
export async function checkNothingLeaks(bench: StorageBench): Promise<void> {
  const rows = await bench.rows<{ storage_key: string; state: string }>('select storage_key, state from blobs');
  const keys = rows.map((row) => bench.store.nameOf(row.storage_key as BlobKey)).sort();
  const stored = await bench.keys();
  if (JSON.stringify(stored) !== JSON.stringify(keys)) {
    throw new PromiseBroken(`P5: the store holds ${JSON.stringify(stored)}, the rows name ${JSON.stringify(keys)}`);
  }
  const listed = await bench.rows(
    'select 1 from blobs b where not exists (select 1 from manifest_blobs e where e.blob_id = b.id)',
  );
  if (listed.length > 0) throw new PromiseBroken('P5: a blob that no manifest lists is left');
  const staged: string[] = [];
  for await (const { upload } of bench.store.listStaged()) staged.push(upload);
  if (staged.length > 0) throw new PromiseBroken(`P5: staged bytes of ${String(staged.length)} uploads are left`);
}
