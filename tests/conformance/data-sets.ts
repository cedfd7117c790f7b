import { randomBytes, randomUUID } from 'node:crypto';
import { DataSet, digestOf, types, type Algorithm, type Descriptor } from './data-set.ts';

const hello = () => ({
  'org.opencontainers.conformance': 'hello conformance test',
  [`org.example.${randomUUID()}`]: 'x',
});
const extra = () => ({ [`org.example.${randomUUID()}`]: { unknown: ['field', 1, true, null] } });

/** The official suite's kinds of content, by its names for them (2026, `OCI_VERSION=dev`). */
export const dataSets: Readonly<Record<string, () => DataSet>> = {
  image: () => tagged('image', new DataSet(), (set) => set.image()),
  'image-uncompressed': () =>
    tagged('image-uncompressed', new DataSet(), (set) => set.image({ layers: [set.layer(false), set.layer(false)] })),
  'large-manifest': () =>
    tagged('large-manifest', new DataSet(), (set) => {
      const names = Array.from({ length: 390 }, (_, n) => [`large-annotation-${String(n)}`, 'A'.repeat(10_000)]);
      return set.image({ more: { annotations: Object.fromEntries(names) as object } });
    }),
  index: () => tagged('index', new DataSet(), (set) => multiPlatform(set)),
  'nested-index': () =>
    tagged('index-of-index', new DataSet(), (set) => set.index([multiPlatform(set), multiPlatform(set)])),
  'empty-index': () => tagged('index', new DataSet(), (set) => set.index([])),
  artifact: () => tagged('artifact', new DataSet(), (set) => set.artifact(types.example1)),
  'artifact-index': () =>
    tagged('artifact-index', new DataSet(), (set) =>
      set.platforms(() => set.artifact(types.example1), { more: { artifactType: types.example1 } }),
    ),
  'artifact-without-layers': () =>
    tagged('artifact-without-layers', new DataSet(), (set) =>
      set.artifact(types.example1, { layers: [set.blob(Buffer.from('{}'), types.empty)] }),
    ),
  'artifacts-with-subject': () => {
    const set = new DataSet();
    const subject = set.image();
    set.tag('image', subject);
    set.image({ subject });
    set.tag('tagged-artifact1', set.artifact(types.example1, { subject, more: { annotations: hello() } }));
    set.tag('tagged-artifact2', set.artifact(types.example2, { subject, more: { annotations: hello() } }));
    return set;
  },
  'index-with-subject': () => {
    const set = new DataSet();
    const subject = multiPlatform(set);
    set.tag('index', subject);
    const more = { artifactType: types.example1, annotations: hello() };
    const listed = set.platforms(() => set.artifact(types.example1, { subject }), { subject, more });
    set.tag('tagged-artifact', listed);
    return set;
  },
  'missing-subject': () =>
    tagged('tagged-artifact', new DataSet(), (set) => {
      const subject = { mediaType: types.image, size: 123, digest: digestOf('missing content') };
      return set.artifact(types.example1, { subject, more: { annotations: hello() } });
    }),
  'data-field': () => tagged('data-field', new DataSet({ inline: true }), (set) => set.image()),
  'non-distributable-layers': () =>
    tagged('non-distributable-image', new DataSet(), (set) => {
      const elsewhere = digestOf(randomBytes(256));
      const urls = [`https://store.example.com/blobs/${elsewhere}`];
      const absent = { mediaType: types.nondistributable, digest: elsewhere, size: 123_456, urls };
      return set.image({ layers: [absent, set.layer()] });
    }),
  'custom-fields': () =>
    tagged('custom-fields', new DataSet(), (set) =>
      set.platforms((architecture) => set.image({ config: set.config(architecture, extra()), more: extra() }), {
        more: extra(),
      }),
    ),
  'no-layers': () => tagged('no-layers', new DataSet(), (set) => set.image({ layers: [] })),
  // An index may list what is not here; an image may not (promise P1).
  'sparse-index': () =>
    tagged('sparse-index', new DataSet(), (set) =>
      set.index([set.image(), { mediaType: types.image, digest: digestOf(randomBytes(1024)), size: 1024 }]),
    ),
  sha512: () => {
    const set = new DataSet({ algorithm: 'sha512' });
    multiPlatform(set);
    return set;
  },
  'tag-param-sha256': () => taggedByParameter('sha256'),
  'tag-param-sha512': () => taggedByParameter('sha512'),
};

/** Those whose tags come along with the push by digest. */
export const byTagParameter: ReadonlySet<string> = new Set(['tag-param-sha256', 'tag-param-sha512']);

function tagged(tag: string, set: DataSet, make: (set: DataSet) => Descriptor): DataSet {
  set.tag(tag, make(set));
  return set;
}

function multiPlatform(set: DataSet): Descriptor {
  return set.platforms((architecture) => set.image({ config: set.config(architecture) }));
}

function taggedByParameter(algorithm: Algorithm): DataSet {
  const set = new DataSet({ algorithm });
  set.tag(`tag-param-${algorithm}`, multiPlatform(set));
  for (const [n, { digest }] of set.manifests.entries()) set.tags.set(`tag-param-${algorithm}-${String(n)}`, digest);
  return set;
}
