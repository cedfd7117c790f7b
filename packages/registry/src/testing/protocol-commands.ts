import fc from 'fast-check';
import { deleteManifest, restoreTag, setTagExpiry, unlinkBlob } from '@escale/domain/content';
import type { Digest, TagName } from '@escale/schema/values';
import type { FaultPoint } from '@escale/domain/faults';
import { purgeUploads } from '../jobs/purge-uploads.ts';
import { scrubSlice } from '../jobs/scrub-blobs.ts';
import type { StoreFault } from './bench-store.ts';
import { checkPromises, PromiseBroken } from './protocol-checks.ts';
import type { ProtocolModel } from './protocol-model.ts';
import type { BenchRepository, Listed, StorageBench } from './storage-bench.ts';
import type { SteppedCollection } from './stepped-collection.ts';

/** What the commands act on. */
export interface Protocol {
  readonly bench: StorageBench;
  readonly collection: SteppedCollection;
  readonly repositories: readonly BenchRepository[];
}

interface Choice {
  /** Which repository, blob, tag or earlier thing; taken modulo how many there are. */
  readonly a: number;
  readonly b: number;
  readonly flag: boolean;
}

type Act = (model: ProtocolModel, protocol: Protocol, choice: Choice) => Promise<void>;

const texts = ['red', 'green', 'blue'];
const tags = ['latest', 'stable'];
const pick = <Thing>(things: readonly Thing[], index: number): Thing => {
  const thing = things[index % things.length];
  if (thing === undefined) throw new Error('nothing to pick from');
  return thing;
};
const textOf = ({ b }: Choice) => pick(texts, b);

/** Pushes a manifest; while it holds its locks, the collector may take a step. */
async function push(
  model: ProtocolModel,
  { bench, collection }: Protocol,
  repository: BenchRepository,
  listed: Listed,
  collects: boolean,
): Promise<void> {
  const readable = model.readable().filter((one) => one.repository === repository);
  const children = (listed.children ?? []).filter((digest) => readable.some((one) => one.digest === digest));
  const usual = bench.faults;
  bench.faults = async (point) => {
    if (point === 'manifest.locked' && collects) await collection.step();
    await usual?.(point);
  };
  model.mayReturnManifest(repository, bench.manifestOf(listed).digest);
  try {
    const digest = await bench.push(repository, listed);
    model.acknowledge({ repository, digest, blobs: listed.blobs ?? [], children, subject: listed.subject }, listed.tag);
  } finally {
    bench.faults = usual;
  }
}

/** A manifest of the repository that a client knows of. */
function known(model: ProtocolModel, repository: BenchRepository, index: number): Digest | undefined {
  const all = [...model.manifests.values()].filter((one) => one.repository === repository && !one.deleted);
  return all.length === 0 ? undefined : pick(all, index).digest;
}

const crashPoints: readonly FaultPoint[] = [
  'upload.committed',
  'blob.linking',
  'blob.linked',
  'manifest.storing',
  'manifest.stored',
];
const storeFaults: readonly StoreFault[] = ['stage', 'commit', 'read', 'delete', 'list'];
const repositoryOf = ({ repositories }: Protocol, { a }: Choice) => pick(repositories, a);

/** The 23 commands of the model. */
const acts: Readonly<Record<string, Act>> = {
  start: async (model, protocol, choice) => {
    const repository = repositoryOf(protocol, choice);
    const id = await protocol.bench.begin(repository);
    model.uploads.push({ id, repository, text: textOf(choice), received: false });
  },
  patch: async (model, { bench }, { a }) => {
    const waiting = model.uploads.filter(({ received }) => !received);
    if (waiting.length === 0) return;
    const upload = pick(waiting, a);
    await bench.receive(upload.repository, upload.id, upload.text);
    upload.received = true;
  },
  put: async (model, protocol, choice) => {
    const repository = repositoryOf(protocol, choice);
    const upload = choice.flag && model.uploads.length > 0 ? pick(model.uploads, choice.a) : undefined;
    if (upload) {
      model.uploads = model.uploads.filter((one) => one !== upload);
      model.mayReturn(upload.repository, upload.text);
      await protocol.bench[upload.received ? 'complete' : 'takeWhole'](upload.repository, upload.id, upload.text);
      model.promise(upload.repository, upload.text);
      return;
    }
    model.mayReturn(repository, textOf(choice));
    await protocol.bench.upload(repository, textOf(choice));
    model.promise(repository, textOf(choice));
  },
  cancel: async (model, { bench }, { a }) => {
    if (model.uploads.length === 0) return;
    const upload = pick(model.uploads, a);
    model.uploads = model.uploads.filter((one) => one !== upload);
    await bench.cancel(upload.id);
  },
  head: async (model, protocol, choice) => {
    const repository = repositoryOf(protocol, choice);
    await protocol.bench.head(repository, protocol.bench.digestOf(textOf(choice)));
    model.promise(repository, textOf(choice));
  },
  mount: async (model, protocol, choice) => {
    const [from, to] = [repositoryOf(protocol, choice), pick(protocol.repositories, choice.a + 1)];
    model.mayReturn(to, textOf(choice));
    if (await protocol.bench.mount(to, protocol.bench.digestOf(textOf(choice)), from))
      model.promise(to, textOf(choice));
  },
  'put-manifest': async (model, protocol, choice) => {
    const { a, b, flag } = choice;
    const blobs = [textOf(choice), pick(texts, a + b)];
    const tag = b % 2 === 0 ? { tag: pick(tags, a) } : {};
    await push(model, protocol, repositoryOf(protocol, choice), { blobs, ...tag }, flag);
  },
  'put-index': async (model, protocol, choice) => {
    const repository = repositoryOf(protocol, choice);
    const children = [known(model, repository, choice.b), known(model, repository, choice.b + 1)];
    const listed = [...new Set(children.filter((child) => child !== undefined))];
    if (listed.length === 0) return;
    const tag = choice.b % 2 === 0 ? { tag: pick(tags, choice.a) } : {};
    await push(model, protocol, repository, { children: listed, ...tag }, choice.flag);
  },
  'put-referrer': async (model, protocol, choice) => {
    const repository = repositoryOf(protocol, choice);
    const subject = known(model, repository, choice.b);
    if (subject) await push(model, protocol, repository, { blobs: [textOf(choice)], subject }, choice.flag);
  },
  tag: async (model, protocol, choice) => {
    const repository = repositoryOf(protocol, choice);
    const kept = model.readable().filter((one) => one.repository === repository && one.children.length === 0);
    if (kept.length === 0) return;
    const { blobs, subject, children } = pick(kept, choice.b);
    const listed = { blobs, children, ...(subject && { subject }), tag: pick(tags, choice.a) };
    await push(model, protocol, repository, listed, choice.flag);
  },
  untag: async (model, protocol, choice) => {
    const [repository, tag] = [repositoryOf(protocol, choice), pick(tags, choice.b)];
    await deleteManifest(protocol.bench.ctx(), repository, { kind: 'tag', tag: tag as TagName });
    model.endTag(repository, tag);
  },
  delete: async (model, protocol, choice) => {
    const repository = repositoryOf(protocol, choice);
    const digest = known(model, repository, choice.b);
    if (!digest) return;
    const index = model.needing(repository, ({ children }) => children.includes(digest));
    await deleteManifest(protocol.bench.ctx(), repository, { kind: 'digest', digest });
    if (index) throw new PromiseBroken(`P1: the child ${digest} of the index ${index.digest} was deleted`);
    model.delete(repository, digest);
  },
  'delete-blob': async (model, protocol, choice) => {
    const [repository, text] = [repositoryOf(protocol, choice), textOf(choice)];
    const manifest = model.needing(repository, ({ blobs }) => blobs.includes(text));
    await unlinkBlob(protocol.bench.ctx(), repository, protocol.bench.digestOf(text));
    if (manifest) throw new PromiseBroken(`P1: the blob "${text}" of the manifest ${manifest.digest} was deleted`);
    model.deleteBlob(repository, text);
  },
  expire: async (model, protocol, choice) => {
    const [repository, tag] = [repositoryOf(protocol, choice), pick(tags, choice.b)];
    const open = model.openTag(repository, tag);
    if (!open) return;
    const ctx = protocol.bench.ctx();
    const expiresAt = new Date(ctx.now.getTime() + 3 * 3_600_000);
    await setTagExpiry(ctx, { repository: repository.name, tag, expiresAt });
    open.expiresAt = model.now + 3;
  },
  'restore-tag': async (model, { bench }, { a }) => {
    const ended = model.restorable();
    if (ended.length === 0) return;
    const { repository, tag, digest } = pick(ended, a);
    const parts = model.partsOf(repository, digest);
    for (const text of parts.flatMap(({ blobs }) => blobs)) model.mayReturn(repository, text);
    for (const part of parts) model.mayReturnManifest(repository, part.digest);
    await restoreTag(bench.ctx(), { repository: repository.name, tag, digest });
    for (const part of parts) part.deleted = false;
    model.moveTag(repository, tag, digest);
  },
  'gc-step': async (_, { collection }, { flag }) => {
    if (flag) await collection.finish();
    else await collection.step();
  },
  sweep: async (_, { bench, collection }) => {
    await purgeUploads(bench.parts);
    await collection.finish();
  },
  scrub: async (_, { bench }) => {
    await scrubSlice(bench.parts);
  },
  crash: async (_, { bench, collection }, { b, flag }) => {
    const deadly = pick(crashPoints, b);
    if (flag) await collection.kill();
    bench.faults = (point) => {
      if (point === deadly) throw new Error('killed');
    };
    await Promise.resolve();
  },
  restart: async (_, { bench, collection }) => {
    await collection.kill();
    bench.faults = undefined;
  },
  'clock+': async (model, { bench }, { b }) => {
    const hours = pick([1, 5, 25, 25, 200], b);
    await bench.pass(hours);
    model.now += hours;
    for (const { repository, tag, expiresAt } of [...model.tags.values()]) {
      if (expiresAt !== undefined && expiresAt <= model.now) model.endTag(repository, tag);
    }
  },
  'fault-on': async (_, { bench }, { b }) => {
    bench.store.failing.add(pick(storeFaults, b));
    await Promise.resolve();
  },
  'fault-off': async (_, { bench }) => {
    bench.store.failing.clear();
    await Promise.resolve();
  },
};

/** What is wrong with the model or with the test itself, and not news from the product. */
const ours = [PromiseBroken, TypeError, ReferenceError];

/** Refusals and failures acknowledge nothing: they are no news for the model. What a client was told stays true. */
class Command implements fc.AsyncCommand<ProtocolModel, Protocol> {
  readonly #name: string;
  readonly #choice: Choice;

  constructor(name: string, choice: Choice) {
    this.#name = name;
    this.#choice = choice;
  }

  check = (): boolean => true;

  async run(model: ProtocolModel, protocol: Protocol): Promise<void> {
    try {
      await acts[this.#name]?.(model, protocol, this.#choice);
    } catch (error) {
      if (ours.some((kind) => error instanceof kind)) throw error;
    }
    await checkPromises(model, protocol.bench);
  }

  toString(): string {
    return `${this.#name}(${this.#choice.a}, ${this.#choice.b}, ${this.#choice.flag})`;
  }
}

/** How often an act is chosen, 1 where nothing is said; 0 leaves it out. */
export type Weights = Readonly<Record<string, number>>;

/** Some happen more often than others: pushes, the collector, the time. */
export const everything: Weights = { put: 4, 'put-manifest': 4, 'gc-step': 6, 'clock+': 3, head: 3 };

const choice = fc.record({ a: fc.nat(7), b: fc.nat(7), flag: fc.boolean() });

export const commandNames = Object.keys(acts);

/**
 * Pushes of few blobs while time passes and the collector goes step by step: a schedule in which what can come between two of
 * its steps does so in nearly every run, without luck.
 */
export const aroundTheCollector: Weights = {
  ...Object.fromEntries(commandNames.map((name) => [name, 0])),
  put: 3,
  head: 2,
  'put-manifest': 4,
  'gc-step': 6,
  'clock+': 3,
};

/** Pushes, deletions and restorations of few things, without the collector: who deletes what another one needs is refused. */
export const aroundDeletions: Weights = {
  ...Object.fromEntries(commandNames.map((name) => [name, 0])),
  put: 4,
  'put-manifest': 4,
  'put-index': 2,
  untag: 2,
  delete: 3,
  'delete-blob': 5,
  'restore-tag': 3,
};

export const commands = (length: number, weights: Weights) =>
  fc.commands(
    commandNames.flatMap((name) =>
      Array.from({ length: weights[name] ?? 1 }, () => choice.map((chosen) => new Command(name, chosen))),
    ),
    { maxCommands: length, size: 'max' },
  );
