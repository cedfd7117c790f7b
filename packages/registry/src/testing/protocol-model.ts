import type { Digest } from '@escale/schema/values';
import type { BenchRepository } from './storage-bench.ts';

/** What a manifest was when its push was acknowledged. */
export interface AckedManifest {
  readonly repository: BenchRepository;
  readonly digest: Digest;
  /** Contents of the blobs that it lists. */
  readonly blobs: readonly string[];
  /** Those of its children that were there. */
  readonly children: readonly Digest[];
  readonly subject: Digest | undefined;
  /** Hours of the model until which a push by digest alone keeps it. */
  holdUntil: number;
  deleted: boolean;
}

/** A tag as a client knows it. */
export interface AckedTag {
  readonly repository: BenchRepository;
  readonly tag: string;
  readonly digest: Digest;
  /** Hours of the model. */
  expiresAt: number | undefined;
}

const hoursOfPromise = 6;
const hoursOfHold = 24;
const hoursOfTimeMachine = 14 * 24;
/** Hours of slack: the model's clock does not see the moments that a command takes. */
const slack = 0.1;

/** What clients were told, and so may rely on. Knows nothing of how it is kept. */
export class ProtocolModel {
  /** Hours. */
  now = 0;
  uploads: { id: string; repository: BenchRepository; text: string; received: boolean }[] = [];
  readonly manifests = new Map<string, AckedManifest>();
  readonly tags = new Map<string, AckedTag>();
  /** Lifetimes that ended, with when. */
  ended: (AckedTag & { endedAt: number })[] = [];
  readonly #promises = new Map<string, { repository: BenchRepository; text: string; until: number }>();
  readonly #deletedBlobs = new Map<string, { repository: BenchRepository; text: string }>();
  /** Keys of manifests whose deletion was acknowledged, until a request that may bring them back begins. */
  readonly #gone = new Set<string>();

  promise(repository: BenchRepository, text: string): void {
    this.#promises.set(`${repository.id} ${text}`, { repository, text, until: this.now + hoursOfPromise });
  }

  /** Blobs that must be usable in a manifest now (P2). */
  promised(): { repository: BenchRepository; text: string }[] {
    return [...this.#promises.values()].filter(({ until }) => this.now < until - slack);
  }

  /** The deletion of a blob was acknowledged. */
  deleteBlob(repository: BenchRepository, text: string): void {
    const key = `${repository.id} ${text}`;
    this.#promises.delete(key);
    this.#deletedBlobs.set(key, { repository, text });
  }

  /** Before a request that links a blob, acknowledged or not. */
  mayReturn(repository: BenchRepository, text: string): void {
    this.#deletedBlobs.delete(`${repository.id} ${text}`);
  }

  /** Before a request that stores or restores a manifest, acknowledged or not. */
  mayReturnManifest(repository: BenchRepository, digest: Digest): void {
    this.#gone.delete(keyOf(repository, digest));
  }

  /** Blobs whose deletion was acknowledged (P4). */
  deletedBlobs(): { repository: BenchRepository; text: string }[] {
    return [...this.#deletedBlobs.values()];
  }

  /** A manifest that clients can read now, and that lists a blob or a child. */
  needing(repository: BenchRepository, lists: (manifest: AckedManifest) => boolean): AckedManifest | undefined {
    return this.readable().find((one) => one.repository === repository && lists(one));
  }

  /** A manifest with all below it, as far as it was acknowledged. */
  partsOf(repository: BenchRepository, digest: Digest): AckedManifest[] {
    const entry = this.manifests.get(keyOf(repository, digest));
    return entry ? [entry, ...entry.children.flatMap((child) => this.partsOf(repository, child))] : [];
  }

  acknowledge(manifest: Omit<AckedManifest, 'holdUntil' | 'deleted'>, tag: string | undefined): void {
    const key = keyOf(manifest.repository, manifest.digest);
    const known = this.manifests.get(key);
    // An earlier push of the same bytes listed the same; what was there of its children then may be more, as long as it was kept.
    const entry = known && this.readable().includes(known) ? known : { ...manifest, holdUntil: -1, deleted: false };
    this.manifests.set(key, entry);
    if (tag === undefined) entry.holdUntil = Math.max(entry.holdUntil, this.now + hoursOfHold);
    else this.moveTag(manifest.repository, tag, manifest.digest);
  }

  moveTag(repository: BenchRepository, tag: string, digest: Digest): void {
    const open = this.openTag(repository, tag);
    if (open?.digest === digest) return;
    this.endTag(repository, tag);
    this.tags.set(`${repository.id}:${tag}`, { repository, tag, digest, expiresAt: undefined });
  }

  openTag(repository: BenchRepository, tag: string): AckedTag | undefined {
    const open = this.tags.get(`${repository.id}:${tag}`);
    return open && (open.expiresAt === undefined || open.expiresAt > this.now) ? open : undefined;
  }

  endTag(repository: BenchRepository, tag: string): void {
    const key = `${repository.id}:${tag}`;
    const open = this.tags.get(key);
    if (!open) return;
    this.tags.delete(key);
    this.ended.push({ ...open, endedAt: Math.min(open.expiresAt ?? this.now, this.now) });
  }

  delete(repository: BenchRepository, digest: Digest): void {
    for (const { tag, digest: named } of [...this.tags.values()].filter((one) => one.repository === repository)) {
      if (named === digest) this.endTag(repository, tag);
    }
    const entry = this.manifests.get(keyOf(repository, digest));
    if (!entry) return;
    entry.deleted = true;
    this.#gone.add(keyOf(repository, digest));
  }

  /** Ended lifetimes whose manifest must still be there to be restored. */
  restorable(): (AckedTag & { endedAt: number })[] {
    return this.ended.filter(({ endedAt }) => this.now < endedAt + hoursOfTimeMachine - slack);
  }

  /** Manifests that must be readable now, with all their blobs (P1). */
  readable(): AckedManifest[] {
    const kept = new Set<string>();
    const keep = (entry: AckedManifest | undefined): void => {
      if (!entry || entry.deleted) return;
      const key = keyOf(entry.repository, entry.digest);
      if (kept.has(key)) return;
      kept.add(key);
      for (const child of entry.children) keep(this.manifests.get(keyOf(entry.repository, child)));
      for (const other of this.manifests.values()) {
        if (other.subject === entry.digest && other.repository === entry.repository) keep(other);
      }
    };
    for (const entry of this.manifests.values()) if (this.now < entry.holdUntil - slack) keep(entry);
    for (const { repository, tag, digest } of this.tags.values()) {
      if (this.openTag(repository, tag)) keep(this.manifests.get(keyOf(repository, digest)));
    }
    for (const { repository, digest } of this.restorable()) keep(this.manifests.get(keyOf(repository, digest)));
    return [...this.manifests.entries()].filter(([key]) => kept.has(key)).map(([, entry]) => entry);
  }

  /** Manifests whose deletion was acknowledged (P4). */
  gone(): AckedManifest[] {
    return [...this.manifests.entries()].filter(([key]) => this.#gone.has(key)).map(([, entry]) => entry);
  }
}

export const keyOf = ({ id }: BenchRepository, digest: Digest): string => `${id} ${digest}`;
