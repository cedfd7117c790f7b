import { setTimeout as sleep } from 'node:timers/promises';
import { imageManifest, sha256 } from '../support/oci.ts';
import type { Random } from '../support/random.ts';
import { Caller, said, Stopped, type Answer, type Shop } from './caller.ts';
import type { Change } from './ledger.ts';

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
const ociIndex = 'application/vnd.oci.image.index.v1+json';
/** Images that one customer keeps: what must be read again after every kill stays bounded. */
const keeps = 8;
/** Indexes of them. */
const keepsIndexes = 3;

/**
 * Pushes, pulls, tags, mounts and deletes in two repositories of its own, and goes on with what a kill interrupted: the same
 * request again, or the upload from where the registry says it stands. It also tries to delete what its images and indexes are
 * made of, which must be refused and must stay.
 */
export class Customer {
  readonly #shop: Shop;
  readonly #caller: Caller;
  readonly #random: Random;
  readonly #repositories: readonly [string, string];

  constructor(shop: Shop, random: Random, name: string) {
    this.#shop = shop;
    this.#caller = new Caller(shop);
    this.#random = random;
    this.#repositories = [`alice/${name}`, `alice/${name}/mirror`];
  }

  async work(): Promise<void> {
    while (!this.#shop.stopped) {
      try {
        await this.#one();
      } catch (error) {
        if (error instanceof Stopped) return;
        this.#shop.complaints.push(error instanceof Error ? error.message : String(error));
        await sleep(50);
      }
    }
  }

  async #one(): Promise<void> {
    const [repository, mirror] = this.#repositories;
    const images = this.#shop.ledger.present(`manifest|${repository}|`);
    const indexes = this.#indexes(repository);
    if (indexes.length > keepsIndexes) return this.#deleteIndex(this.#random.pick(indexes));
    const dice = this.#random.between(1, 15);
    if (images.length > keeps || (dice === 1 && images.length > 2)) return this.#retire(this.#random.pick(images));
    if (dice === 2 && images.length > 0) return this.#deleteTag(repository);
    if (dice === 3 && images.length > 0) return this.#pushReferrer(repository, this.#random.pick(images));
    if (dice === 4) return this.#mount(repository, mirror);
    if (dice === 13 && images.length > 0) return this.#pushIndex(repository, images);
    if (dice === 14 && images.length > 0) return this.#deleteNeededBlob(this.#random.pick(images));
    if (dice === 15 && images.length > 0) return this.#deleteNeededChild(repository);
    if (dice <= 6 && images.length > 0) return this.#pull(repository);
    return this.#pushImage(repository);
  }

  async #pushImage(repository: string): Promise<void> {
    const sizes = Array.from({ length: this.#random.between(1, 3) }, () =>
      this.#random.between(1, 8) === 1 ? this.#random.between(2, 3_000_000) : this.#random.between(2, 60_000),
    );
    const layers = sizes.map((size) => this.#random.bytes(size));
    const config = Buffer.from(JSON.stringify({ architecture: 'amd64', os: 'linux', mark: layers.map(sha256) }));
    for (const blob of [config, ...layers]) await this.#pushBlob(repository, blob);
    const tag = `t${String(this.#random.between(0, 4))}`;
    await this.#putManifest(repository, tag, imageManifest(config, layers));
  }

  async #pushIndex(repository: string, images: readonly string[]): Promise<void> {
    const children = new Set([this.#random.pick(images), this.#random.pick(images)]);
    const manifests: object[] = [];
    for (const key of children) {
      const { body } = await this.#read(key);
      manifests.push({ mediaType: ociManifest, digest: sha256(body), size: body.length });
    }
    const annotations = { mark: String(this.#random.next()) };
    const index = JSON.stringify({ schemaVersion: 2, mediaType: ociIndex, manifests, annotations });
    await this.#putManifest(repository, `i${String(this.#random.between(0, 1))}`, index, 'index');
  }

  /** The indexes that are there, or may be. */
  #indexes(repository: string): string[] {
    const { ledger } = this.#shop;
    return ledger.keys(`index|${repository}|`).filter((key) => ledger.allowed(key).includes('here'));
  }

  /** Of these, the ones that list a manifest. */
  async #indexesListing(repository: string, digest: string): Promise<string[]> {
    const listing: string[] = [];
    for (const key of this.#indexes(repository)) {
      const { status, body } = await this.#caller.persist('GET', pathOf(key));
      if (status === 200 && body.toString().includes(digest)) listing.push(key);
    }
    return listing;
  }

  /** A blob that an image lists cannot be deleted: whether it stays is checked as for every blob. */
  async #deleteNeededBlob(key: string): Promise<void> {
    const [, repository = ''] = key.split('|');
    const { body } = await this.#read(key);
    const { config, layers } = JSON.parse(body.toString()) as Image;
    const { digest } = this.#random.pick([config, ...layers]);
    await this.#caller.expect('DELETE', `/v2/${repository}/blobs/${digest}`, [405]);
  }

  /** Nor can a manifest that an index lists. */
  async #deleteNeededChild(repository: string): Promise<void> {
    const indexes = this.#shop.ledger.present(`index|${repository}|`);
    if (indexes.length === 0) return;
    const { body } = await this.#read(this.#random.pick(indexes));
    const { manifests } = JSON.parse(body.toString()) as { manifests: { digest: string }[] };
    const { digest } = this.#random.pick(manifests);
    await this.#caller.expect('DELETE', `/v2/${repository}/manifests/${digest}`, [405]);
  }

  async #deleteIndex(key: string): Promise<void> {
    const changes = [key, ...this.#tagsOn(key)].map((gone): Change => [gone, null]);
    await this.#caller.change(changes, 'DELETE', pathOf(key), [202, 404]);
  }

  /** Tags that name a manifest, or may. */
  #tagsOn(key: string): string[] {
    const [, repository = '', digest = ''] = key.split('|');
    const { ledger } = this.#shop;
    return ledger.keys(`tag|${repository}|`).filter((tag) => ledger.allowed(tag).includes(digest));
  }

  #read(key: string): Promise<Answer> {
    return this.#caller.expect('GET', pathOf(key), [200]);
  }

  async #pushReferrer(repository: string, subjectKey: string): Promise<void> {
    const config = Buffer.from('{}');
    await this.#pushBlob(repository, config);
    const manifest = JSON.stringify({
      ...(JSON.parse(imageManifest(config, [])) as object),
      artifactType: 'application/vnd.example.signature',
      subject: { mediaType: ociManifest, digest: subjectKey.split('|')[2], size: 1 },
      annotations: { mark: String(this.#random.next()) },
    });
    await this.#putManifest(repository, sha256(Buffer.from(manifest)), manifest);
  }

  async #putManifest(
    repository: string,
    reference: string,
    manifest: string,
    kind: 'manifest' | 'index' = 'manifest',
  ): Promise<void> {
    const digest = sha256(Buffer.from(manifest));
    const changes: Change[] = [[`${kind}|${repository}|${digest}`, 'here']];
    if (reference !== digest) changes.push([`tag|${repository}|${reference}`, digest]);
    await this.#caller.change(changes, 'PUT', `/v2/${repository}/manifests/${reference}`, [201], {
      headers: { 'Content-Type': kind === 'index' ? ociIndex : ociManifest },
      body: manifest,
    });
  }

  async #pushBlob(repository: string, content: Buffer<ArrayBuffer>): Promise<void> {
    const digest = sha256(content);
    const changes: Change[] = [[`blob|${repository}|${digest}`, 'here']];
    const start = `/v2/${repository}/blobs/uploads/`;
    if (this.#random.between(1, 3) === 1) {
      await this.#caller.change(changes, 'POST', `${start}?digest=${digest}`, [201], { body: content });
      return;
    }
    for (let tries = 0; tries < 20; tries += 1) {
      if (await this.#upload(start, content, digest, changes)) return;
      // The upload is gone: the PUT that ended it may have been done with its answer lost.
      const head = await this.#caller.persist('HEAD', `/v2/${repository}/blobs/${digest}`);
      if (head.status === 200) {
        this.#caller.acknowledge(changes);
        return;
      }
    }
    throw new Error(`an upload of ${digest} began twenty times and never ended`);
  }

  /** @returns false when the upload ended without an answer */
  async #upload(start: string, content: Buffer<ArrayBuffer>, digest: string, changes: Change[]): Promise<boolean> {
    const at = (await this.#caller.expect('POST', start, [202])).headers.get('location') ?? '';
    const chunks = this.#random.between(0, 3);
    let offset = 0;
    for (let chunk = 1; chunk <= chunks && offset < content.length; chunk += 1) {
      const end =
        chunk === chunks ? content.length : this.#random.between(Math.min(offset + 2, content.length), content.length);
      offset = await this.#sendChunk(at, content, offset, end);
    }
    for (;;) {
      const put = await this.#caller.once('PUT', `${at}?digest=${digest}`, { body: content.subarray(offset) }, changes);
      if (put?.status === 201) {
        this.#caller.acknowledge(changes);
        return true;
      }
      if (put && put.status !== 404 && put.status !== 416) throw new Error(`PUT of an upload answered ${said(put)}`);
      if (put?.status === 416) await sleep(100);
      const status = await this.#caller.persist('GET', at);
      // Not there any more: finished with its answer lost, or never to be finished.
      if (status.status === 404) return false;
      offset = heldBy(status, offset, content.length);
    }
  }

  /** Sends a chunk until it is acknowledged; what was acknowledged before must still be held (D22, D23). */
  async #sendChunk(at: string, content: Buffer<ArrayBuffer>, from: number, end: number): Promise<number> {
    for (let offset = from; ;) {
      const body = content.subarray(offset, end);
      const range = `${String(offset)}-${String(end - 1)}`;
      const patch = await this.#caller.once('PATCH', at, { headers: { 'Content-Range': range }, body });
      if (patch?.status === 202) {
        this.#shop.acknowledged += 1;
        return end;
      }
      // 416: an earlier try was recorded, or its process still holds the claim; the status says where it stands.
      if (patch && patch.status !== 416) throw new Error(`PATCH answered ${said(patch)}`);
      const status = await this.#caller.persist('GET', at);
      if (status.status !== 204) throw new Error(`an upload with ${String(offset)} bytes is lost: ${said(status)}`);
      offset = heldBy(status, offset, end);
      if (offset === end) return end;
      if (patch) await sleep(100);
    }
  }

  async #mount(repository: string, mirror: string): Promise<void> {
    const blobs = this.#shop.ledger.present(`blob|${repository}|`);
    if (blobs.length === 0) return;
    const digest = this.#random.pick(blobs).split('|')[2] ?? '';
    const changes: Change[] = [[`blob|${mirror}|${digest}`, 'here']];
    await this.#caller.change(
      changes,
      'POST',
      `/v2/${mirror}/blobs/uploads/?mount=${digest}&from=${repository}`,
      [201],
    );
    const mounted = this.#shop.ledger.present(`blob|${mirror}|`);
    if (mounted.length > keeps) await this.#deleteBlob(this.#random.pick(mounted));
  }

  async #pull(repository: string): Promise<void> {
    const tags = this.#shop.ledger.present(`tag|${repository}|`);
    if (tags.length === 0) return;
    const key = this.#random.pick(tags);
    const get = await this.#caller.expect('GET', `/v2/${repository}/manifests/${key.split('|')[2] ?? ''}`, [200]);
    if (!this.#shop.ledger.allowed(key).includes(sha256(get.body))) throw new Error(`${key} is something else`);
  }

  async #deleteTag(repository: string): Promise<void> {
    const tags = this.#shop.ledger.present(`tag|${repository}|`);
    if (tags.length === 0) return;
    const key = this.#random.pick(tags);
    await this.#caller.change(
      [[key, null]],
      'DELETE',
      `/v2/${repository}/manifests/${key.split('|')[2] ?? ''}`,
      [202, 404],
    );
  }

  /** Deletes an image with its tags, after the indexes that list it, then its blobs. */
  async #retire(key: string): Promise<void> {
    const [, repository = '', digest = ''] = key.split('|');
    const { layers } = JSON.parse((await this.#read(key)).body.toString()) as Image;
    for (const index of await this.#indexesListing(repository, digest)) await this.#deleteIndex(index);
    const changes = [key, ...this.#tagsOn(key)].map((gone): Change => [gone, null]);
    await this.#caller.change(changes, 'DELETE', pathOf(key), [202, 404]);
    for (const layer of layers) await this.#deleteBlob(`blob|${repository}|${layer.digest}`);
  }

  async #deleteBlob(key: string): Promise<void> {
    const [, repository = '', digest = ''] = key.split('|');
    await this.#caller.change([[key, null]], 'DELETE', `/v2/${repository}/blobs/${digest}`, [202, 404]);
  }
}

interface Image {
  readonly config: { readonly digest: string };
  readonly layers: readonly { readonly digest: string }[];
}

/** Where a manifest or an index of the ledger is. */
function pathOf(key: string): string {
  const [, repository = '', digest = ''] = key.split('|');
  return `/v2/${repository}/manifests/${digest}`;
}

function heldBy(status: Answer, acknowledged: number, sent: number): number {
  const last = Number(status.headers.get('range')?.split('-')[1] ?? 0);
  const held = last === 0 && acknowledged === 0 ? 0 : last + 1;
  if (held < acknowledged || held > sent) {
    throw new Error(`an upload holds ${String(held)} bytes of ${String(acknowledged)} acknowledged`);
  }
  return held;
}
