import { setTimeout as sleep } from 'node:timers/promises';
import { imageManifest, sha256, type OciClient } from '../support/oci.ts';
import type { Random } from '../support/random.ts';
import type { Gate } from './gate.ts';
import type { Change, Ledger } from './ledger.ts';

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** What a customer shares with the others. */
export interface Shop {
  readonly client: OciClient;
  readonly ledger: Ledger;
  readonly gate: Gate;
  /** Broken promises and answers that nobody should get, in words. */
  readonly complaints: string[];
  stopped: boolean;
  /** Acknowledgements so far. */
  acknowledged: number;
}

const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
/** Images that one customer keeps: what must be read again after every kill stays bounded. */
const keeps = 8;

/**
 * Pushes, pulls, tags, mounts and deletes in two repositories of its own, and goes on with what a kill interrupted: the same
 * request again, or the upload from where the registry says it stands.
 */
export class Customer {
  readonly #shop: Shop;
  readonly #random: Random;
  readonly #repositories: readonly [string, string];

  constructor(shop: Shop, random: Random, name: string) {
    this.#shop = shop;
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
    const dice = this.#random.between(1, 12);
    if (images.length > keeps || (dice === 1 && images.length > 2)) return this.#retire(this.#random.pick(images));
    if (dice === 2 && images.length > 0) return this.#deleteTag(repository);
    if (dice === 3 && images.length > 0) return this.#pushReferrer(repository, this.#random.pick(images));
    if (dice === 4) return this.#mount(repository, mirror);
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

  async #putManifest(repository: string, reference: string, manifest: string): Promise<void> {
    const digest = sha256(Buffer.from(manifest));
    const changes: Change[] = [[`manifest|${repository}|${digest}`, 'here']];
    if (reference !== digest) changes.push([`tag|${repository}|${reference}`, digest]);
    await this.#change(changes, 'PUT', `/v2/${repository}/manifests/${reference}`, [201], {
      headers: { 'Content-Type': ociManifest },
      body: manifest,
    });
  }

  async #pushBlob(repository: string, content: Buffer<ArrayBuffer>): Promise<void> {
    const digest = sha256(content);
    const changes: Change[] = [[`blob|${repository}|${digest}`, 'here']];
    const start = `/v2/${repository}/blobs/uploads/`;
    if (this.#random.between(1, 3) === 1) {
      await this.#change(changes, 'POST', `${start}?digest=${digest}`, [201], { body: content });
      return;
    }
    for (let tries = 0; tries < 20; tries += 1) {
      if (await this.#upload(start, content, digest, changes)) return;
      // The upload is gone: the PUT that ended it may have been done with its answer lost.
      const head = await this.#persist('HEAD', `/v2/${repository}/blobs/${digest}`);
      if (head.status === 200) {
        this.#acknowledge(changes);
        return;
      }
    }
    throw new Error(`an upload of ${digest} began twenty times and never ended`);
  }

  /** @returns false when the upload ended without an answer */
  async #upload(start: string, content: Buffer<ArrayBuffer>, digest: string, changes: Change[]): Promise<boolean> {
    const at = (await this.#expect('POST', start, [202])).headers.get('location') ?? '';
    const chunks = this.#random.between(0, 3);
    let offset = 0;
    for (let chunk = 1; chunk <= chunks && offset < content.length; chunk += 1) {
      const end =
        chunk === chunks ? content.length : this.#random.between(Math.min(offset + 2, content.length), content.length);
      offset = await this.#sendChunk(at, content, offset, end);
    }
    for (;;) {
      const put = await this.#once('PUT', `${at}?digest=${digest}`, { body: content.subarray(offset) }, changes);
      if (put?.status === 201) {
        this.#acknowledge(changes);
        return true;
      }
      if (put && put.status !== 404 && put.status !== 416) throw new Error(`PUT of an upload answered ${said(put)}`);
      if (put?.status === 416) await sleep(100);
      const status = await this.#persist('GET', at);
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
      const patch = await this.#once('PATCH', at, { headers: { 'Content-Range': range }, body });
      if (patch?.status === 202) {
        this.#shop.acknowledged += 1;
        return end;
      }
      // 416: an earlier try was recorded, or its process still holds the claim; the status says where it stands.
      if (patch && patch.status !== 416) throw new Error(`PATCH answered ${said(patch)}`);
      const status = await this.#persist('GET', at);
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
    await this.#change(changes, 'POST', `/v2/${mirror}/blobs/uploads/?mount=${digest}&from=${repository}`, [201]);
    const mounted = this.#shop.ledger.present(`blob|${mirror}|`);
    if (mounted.length > keeps) await this.#deleteBlob(this.#random.pick(mounted));
  }

  async #pull(repository: string): Promise<void> {
    const tags = this.#shop.ledger.present(`tag|${repository}|`);
    if (tags.length === 0) return;
    const key = this.#random.pick(tags);
    const get = await this.#expect('GET', `/v2/${repository}/manifests/${key.split('|')[2] ?? ''}`, [200]);
    if (!this.#shop.ledger.allowed(key).includes(sha256(get.body))) throw new Error(`${key} is something else`);
  }

  async #deleteTag(repository: string): Promise<void> {
    const tags = this.#shop.ledger.present(`tag|${repository}|`);
    if (tags.length === 0) return;
    const key = this.#random.pick(tags);
    await this.#change([[key, null]], 'DELETE', `/v2/${repository}/manifests/${key.split('|')[2] ?? ''}`, [202, 404]);
  }

  /** Deletes an image with its tags, then its blobs. */
  async #retire(key: string): Promise<void> {
    const [, repository = '', digest = ''] = key.split('|');
    const get = await this.#expect('GET', `/v2/${repository}/manifests/${digest}`, [200]);
    const { layers } = JSON.parse(get.body.toString()) as { layers: { digest: string }[] };
    const tags = this.#shop.ledger
      .keys(`tag|${repository}|`)
      .filter((tag) => this.#shop.ledger.allowed(tag).includes(digest));
    const changes = [key, ...tags].map((gone): Change => [gone, null]);
    await this.#change(changes, 'DELETE', `/v2/${repository}/manifests/${digest}`, [202, 404]);
    for (const layer of layers) await this.#deleteBlob(`blob|${repository}|${layer.digest}`);
  }

  async #deleteBlob(key: string): Promise<void> {
    const [, repository = '', digest = ''] = key.split('|');
    await this.#change([[key, null]], 'DELETE', `/v2/${repository}/blobs/${digest}`, [202, 404]);
  }

  /** One change of the registry, repeated until it is acknowledged. */
  async #change(changes: Change[], method: string, path: string, good: number[], init: RequestInit = {}) {
    await this.#expect(method, path, good, init, changes);
    this.#acknowledge(changes);
  }

  #acknowledge(changes: Change[]): void {
    this.#shop.ledger.acknowledge(...changes);
    this.#shop.acknowledged += 1;
  }

  async #expect(
    method: string,
    path: string,
    good: number[],
    init: RequestInit = {},
    changes: Change[] = [],
  ): Promise<Answer> {
    const answer = await this.#persist(method, path, init, changes);
    if (!good.includes(answer.status)) throw new Error(`${method} ${path} answered ${said(answer)}`);
    return answer;
  }

  async #persist(method: string, path: string, init: RequestInit = {}, changes: Change[] = []): Promise<Answer> {
    for (;;) {
      const answer = await this.#once(method, path, init, changes);
      if (answer) return answer;
    }
  }

  /**
   * @param changes what this request may bring about, answered or not: noted each time it is sent, for a check between two
   *   tries settles what the first one did
   * @returns undefined when the product was not there to answer
   */
  async #once(
    method: string,
    path: string,
    init: RequestInit = {},
    changes: Change[] = [],
  ): Promise<Answer | undefined> {
    const { gate, client, ledger } = this.#shop;
    const answer = await gate.through(async () => {
      if (this.#shop.stopped) throw new Stopped();
      if (changes.length > 0) ledger.attempt(...changes);
      try {
        const response = await client.request(path, { ...init, method });
        return { status: response.status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
      } catch {
        return undefined;
      }
    });
    // 401 without a token: the token service had no database to ask.
    if (answer && answer.status !== 503 && answer.status !== 401) {
      if (answer.status >= 500) this.#shop.complaints.push(`${method} ${path} answered ${said(answer)}`);
      return answer;
    }
    await sleep(50);
    return undefined;
  }
}

class Stopped extends Error {}

function heldBy(status: Answer, acknowledged: number, sent: number): number {
  const last = Number(status.headers.get('range')?.split('-')[1] ?? 0);
  const held = last === 0 && acknowledged === 0 ? 0 : last + 1;
  if (held < acknowledged || held > sent) {
    throw new Error(`an upload holds ${String(held)} bytes of ${String(acknowledged)} acknowledged`);
  }
  return held;
}

function said({ status, body }: Answer): string {
  return `${String(status)} ${body.toString().slice(0, 300)}`;
}
