import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { buffer } from 'node:stream/consumers';
import {
  findBlob,
  linkBlob,
  linkWholeBlob,
  mountBlob,
  promiseBlob,
  pushManifest,
  type LinkedBlob,
} from '@escale/domain/content';
import type { Context } from '@escale/domain/context';
import { createVault } from '@escale/domain/credentials';
import type { Faults } from '@escale/domain/faults';
import { readReport, type GarbageReport } from '@escale/domain/garbage';
import {
  claimUpload,
  defaultUploadLimits as limits,
  dropUpload,
  openUpload,
  recordChunk,
  releaseClaim,
  UploadWriters,
  type UploadClaim,
} from '@escale/domain/uploads';
import type { Repository } from '@escale/schema/entities';
import { buildRepository, openTestDatabase, type TestDatabase } from '@escale/schema/testing';
import { digestOf, parseManifest, type Digest, type TagName } from '@escale/schema/values';
import { collectGarbage, type CollectionSettings } from '../jobs/collect-garbage.ts';
import { blobKey } from '../storage/blob-keys.ts';
import type { BlobKey } from '../storage/blob-store.ts';
import { FilesystemBlobStore } from '../storage/filesystem-blob-store.ts';
import { UploadHash } from '../uploads/upload-hash.ts';
import { BenchStore } from './bench-store.ts';

export interface BenchOptions {
  /** How objects are really called in the store. */
  readonly key?: (key: BlobKey) => BlobKey;
}

/** What a manifest of the bench lists. */
export interface Listed {
  /** Contents of blobs. */
  readonly blobs?: readonly string[];
  readonly children?: readonly Digest[];
  readonly subject?: Digest;
  readonly tag?: string;
}

/** Where the bench pushes to. */
export type BenchRepository = Pick<Repository, 'id' | 'name' | 'namespace'>;

export const digestOfText = (text: string): Digest =>
  digestOf('sha256', createHash('sha256').update(text).digest('hex'));

const oci = 'application/vnd.oci.image';
const describe = (mediaType: string, text: string) => ({
  mediaType,
  digest: digestOfText(text),
  size: Buffer.byteLength(text),
});

/**
 * The bytes of a manifest: an index when it lists manifests, else an image manifest.
 * @param sizeOf of the manifests that it lists
 */
export function manifestText(
  { blobs = [], children = [], subject }: Listed,
  sizeOf: (digest: Digest) => number,
): string {
  const refers = subject && { subject: { mediaType: `${oci}.manifest.v1+json`, digest: subject, size: 1 } };
  if (children.length > 0) {
    const manifests = children.map((digest) => ({
      mediaType: `${oci}.manifest.v1+json`,
      digest,
      size: sizeOf(digest),
    }));
    return JSON.stringify({ schemaVersion: 2, mediaType: `${oci}.index.v1+json`, manifests, ...refers });
  }
  const [config = '', ...layers] = blobs;
  return JSON.stringify({
    schemaVersion: 2,
    mediaType: `${oci}.manifest.v1+json`,
    config: describe('application/vnd.example.config', config),
    layers: layers.map((layer) => describe(`${oci}.layer.v1.tar`, layer)),
    ...refers,
  });
}

/** The storage protocol without HTTP: a real database with a clock, a real store, and what clients do with them. */
export class StorageBench {
  readonly database: TestDatabase;
  readonly store: BenchStore;
  readonly #folder: string;
  readonly #vault = createVault(randomBytes(32));
  readonly #sizes = new Map<Digest, number>();
  readonly #writers: UploadWriters;
  faults: Faults | undefined;

  private constructor(database: TestDatabase, store: BenchStore, folder: string) {
    this.database = database;
    this.#writers = new UploadWriters(database.orm);
    this.store = store;
    this.#folder = folder;
  }

  static async open(databaseServerUrl: string, { key }: BenchOptions = {}): Promise<StorageBench> {
    const database = await openTestDatabase(databaseServerUrl, { clock: true });
    // In memory where the system has such a folder: nothing here is to outlive the test.
    const folder = await mkdtemp(path.join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'escale-bench-'));
    const store = new BenchStore(new FilesystemBlobStore({ folder }), key);
    await store.prepare();
    return new StorageBench(database, store, folder);
  }

  async close(): Promise<void> {
    await this.#writers.close();
    await this.database.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get parts() {
    return { orm: this.database.orm, blobStore: this.store, ...(this.faults && { faults: this.faults }) };
  }

  /** Somebody who may do everything, with a fork of the database for this one act. */
  ctx(): Context {
    return {
      em: this.database.orm.em.fork(),
      principal: { kind: 'system', name: 'bench' },
      now: new Date(Date.now() + this.store.ahead),
      vault: this.#vault,
      client: {},
      ...(this.faults && { faults: this.faults }),
    };
  }

  async repository(): Promise<Repository> {
    return buildRepository(this.database.orm.em.fork());
  }

  /** Lets time pass, for the database and the store alike. */
  async pass(hours: number): Promise<void> {
    this.store.ahead += hours * 3_600_000;
    await this.database.advanceClock(hours * 3600);
  }

  /** A whole upload, as the registry does it. */
  async upload(repository: BenchRepository, text: string): Promise<Digest> {
    const upload = await this.begin(repository);
    await this.receive(repository, upload, text);
    return this.complete(repository, upload, text);
  }

  /** @returns the id of a new upload */
  begin(repository: BenchRepository): Promise<string> {
    return openUpload(this.ctx(), limits, { id: repository.id, namespaceId: repository.namespace.id }, 'sha256');
  }

  /** Bytes of an upload arrive and are recorded. */
  async receive(repository: BenchRepository, upload: string, text: string): Promise<void> {
    await this.#claimed(repository, upload, async (ctx, claim) => {
      const hash = await UploadHash.open('sha256', claim.hashState);
      const writer = this.store.openUpload(upload, claim);
      hash.update(Buffer.from(text));
      await writer.write(Buffer.from(text));
      await recordChunk(ctx, claim, { staged: await writer.flush(), hashState: hash.save() });
    });
  }

  /** The bytes that were received become a blob: bytes first, rows second. */
  async complete(repository: BenchRepository, upload: string, text: string): Promise<Digest> {
    const digest = digestOfText(text);
    await this.#claimed(repository, upload, async (ctx, claim) => {
      const key = blobKey(digest, upload);
      await this.store.openUpload(upload, claim).commit(key, digest);
      await ctx.faults?.('upload.committed');
      const linked = await linkBlob(ctx, repository.id, upload, { digest, size: claim.offset, storageKey: key });
      // A superfluous object that cannot be deleted now is the sweeper's.
      if (linked.superfluous) await this.store.delete(linked.superfluous as BlobKey).catch(() => undefined);
    });
    return digest;
  }

  /** All bytes of an upload come with its end, small as they are. */
  async takeWhole(repository: BenchRepository, upload: string, text: string): Promise<Digest> {
    const ctx = this.ctx();
    const digest = digestOfText(text);
    const key = blobKey(digest, randomUUID());
    await this.store.put(key, Buffer.from(text), digest);
    await ctx.faults?.('upload.committed');
    const linked = await linkWholeBlob(ctx, repository.id, upload, { digest, size: text.length, storageKey: key });
    if (!linked) throw new Error('the upload is gone');
    if (linked.superfluous) await this.store.delete(linked.superfluous as BlobKey).catch(() => undefined);
    return digest;
  }

  /** Gives an upload up. */
  async cancel(upload: string): Promise<void> {
    await this.store.discard(upload);
    await dropUpload(this.ctx(), upload);
  }

  digestOf(text: string): Digest {
    return digestOfText(text);
  }

  async #claimed(
    { id }: BenchRepository,
    upload: string,
    work: (ctx: Context, claim: UploadClaim) => Promise<void>,
  ): Promise<void> {
    const ctx = this.ctx();
    const claim = await claimUpload(ctx, { writers: this.#writers, limits }, id, { id: upload });
    try {
      await work(ctx, claim);
    } finally {
      // Gives back what a killed process would give back by its end.
      await releaseClaim(this.ctx(), claim);
    }
  }

  head(repository: Pick<Repository, 'id'>, digest: Digest): Promise<LinkedBlob> {
    return promiseBlob(this.ctx(), repository.id, digest);
  }

  mount(to: Pick<Repository, 'id'>, digest: Digest, from: Pick<Repository, 'id'>): Promise<LinkedBlob | undefined> {
    return mountBlob(this.ctx(), to.id, digest, from.id);
  }

  /** The manifest that `push` stores for this. */
  manifestOf(listed: Listed): { digest: Digest; payload: Buffer } {
    const text = manifestText(listed, (child) => this.#sizes.get(child) ?? 1);
    return { digest: digestOfText(text), payload: Buffer.from(text) };
  }

  /** Pushes a manifest whose blobs are here. */
  async push(repository: { id: string; name: string }, listed: Listed): Promise<Digest> {
    const { digest, payload } = this.manifestOf(listed);
    this.#sizes.set(digest, payload.length);
    const tags = listed.tag === undefined ? [] : [listed.tag as TagName];
    await pushManifest(this.ctx(), repository, { digest, payload, parsed: parseManifest(payload, undefined), tags });
    return digest;
  }

  /** Uploads the blobs and pushes the manifest. */
  async pushImage(repository: Repository, listed: Listed): Promise<Digest> {
    for (const text of listed.blobs ?? []) await this.upload(repository, text);
    return this.push(repository, listed);
  }

  /** The bytes of a blob as a client gets them. @throws as `findBlob` */
  async read(repository: Pick<Repository, 'id'>, digest: Digest): Promise<string> {
    const { storageKey } = await findBlob(this.ctx(), repository.id, digest);
    const bytes = await this.store.read(storageKey as BlobKey);
    if (!bytes) throw new Error(`the bytes of ${digest} are gone`);
    return (await buffer(bytes)).toString();
  }

  async collect(settings: CollectionSettings = {}): Promise<GarbageReport> {
    const id = await collectGarbage(this.parts, settings);
    const report = await readReport({ em: this.database.orm.em.fork() }, id);
    if (!report) throw new Error('a run left no report');
    return report;
  }

  /** Keys of everything in the store. */
  async keys(): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.store.list()) keys.push(key);
    return keys.sort();
  }

  /** An empty database and an empty store, at the present time. */
  async reset(): Promise<void> {
    await this.rows('truncate repositories, blobs, garbage_runs, storage_state, usage_log_entries cascade');
    await this.rows(`update clock.shift set by = interval '0'`);
    this.store.ahead = 0;
    this.store.failing.clear();
    this.faults = undefined;
    await rm(this.#folder, { recursive: true, force: true });
    await this.store.prepare();
  }

  /** Where the bytes of an object lie. */
  fileOf(key: string): string {
    return path.join(this.#folder, 'blobs', key);
  }

  /** Whether a repository has each of these manifests' rows. */
  async present({ id }: Repository, ...digests: Digest[]): Promise<boolean[]> {
    const rows = await this.rows<{ digest: Digest }>(`select digest from manifests where repository_id = '${id}'`);
    const here = new Set(rows.map(({ digest }) => digest));
    return digests.map((digest) => here.has(digest));
  }

  rows<Row extends object>(sql: string): Promise<Row[]> {
    return this.database.orm.em.fork().execute<Row[]>(sql);
  }
}
