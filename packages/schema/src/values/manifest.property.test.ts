import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ManifestRefused, parseManifest } from './manifest.ts';
import { dockerManifest, dockerManifestList, ociIndex, ociManifest } from './media-type.ts';
import { JsonRefused, parseStrictJson } from './strict-json.ts';

const digest = fc
  .tuple(fc.constantFrom('sha256', 'sha512'), fc.string())
  .map(([algorithm, content]) => `${algorithm}:${createHash(algorithm).update(content).digest('hex')}`);
const mediaType = fc.constantFrom('application/octet-stream', 'application/vnd.oci.image.layer.v1.tar+gzip', 'a/b');
const annotations = fc.dictionary(fc.string(), fc.string());
const descriptor = fc.record(
  {
    mediaType,
    digest,
    size: fc.nat(),
    annotations,
    artifactType: mediaType,
    urls: fc.array(fc.webUrl()),
    platform: fc.record({ os: fc.string(), architecture: fc.string(), variant: fc.string() }),
  },
  { requiredKeys: ['mediaType', 'digest', 'size'] },
);
const shared = { schemaVersion: fc.constant(2), subject: descriptor, annotations, artifactType: mediaType };
const image = fc.record(
  {
    ...shared,
    mediaType: fc.constantFrom(ociManifest, dockerManifest),
    config: descriptor,
    layers: fc.array(descriptor),
  },
  { requiredKeys: ['schemaVersion', 'mediaType', 'config', 'layers'] },
);
const index = fc.record(
  { ...shared, mediaType: fc.constantFrom(ociIndex, dockerManifestList), manifests: fc.array(descriptor) },
  { requiredKeys: ['schemaVersion', 'mediaType', 'manifests'] },
);
const manifest = fc.oneof(image, index);

const parse = (text: string) => parseManifest(Buffer.from(text), undefined);
/** What it is, or the refusal; any other error is one that nobody foresaw. */
function outcome(text: string | Uint8Array): 'taken' | 'refused' {
  try {
    parseManifest(Buffer.from(text), ociManifest);
    return 'taken';
  } catch (error) {
    if (error instanceof ManifestRefused) return 'refused';
    throw error;
  }
}

test('every manifest that the image specification describes is taken, and what it lists is found', () => {
  fc.assert(
    fc.property(manifest, (body) => {
      const parsed = parse(JSON.stringify(body));
      const listed = 'manifests' in body ? parsed.manifests : parsed.layers;
      const said = 'manifests' in body ? body.manifests : body.layers;
      expect(listed.map((one) => [one.digest, one.size])).toEqual(said.map((one) => [one.digest, one.size]));
      expect(parsed.subject?.digest).toBe(body.subject?.digest);
      expect(parsed.mediaType).toBe(body.mediaType);
    }),
  );
});

test('any bytes are taken or refused, and nothing else happens', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void outcome(bytes)));
  fc.assert(fc.property(fc.json(), (text) => void outcome(text)));
  const damaged = fc.tuple(manifest, fc.nat(), fc.string({ maxLength: 3 })).map(([body, at, noise]) => {
    const text = JSON.stringify(body);
    const place = at % text.length;
    return text.slice(0, place) + noise + text.slice(place + 1);
  });
  fc.assert(fc.property(damaged, (text) => void outcome(text)));
});

test('a key in any other case, or twice, is refused wherever it stands (R14)', () => {
  const known = ['config', 'layers', 'mediaType', 'digest', 'size', 'schemaVersion'];
  const recased = (key: string, mask: number) =>
    key.replace(/./g, (letter, n: number) => ((mask >> n) & 1 ? letter.toUpperCase() : letter.toLowerCase()));
  fc.assert(
    fc.property(image, fc.constantFrom(...known), fc.nat(), (body, key, mask) => {
      const text = JSON.stringify(body);
      const other = recased(key, mask);
      // The first place where the key stands; its look-alike goes before it, with a value of its own.
      const twin = text.replace(`"${key}":`, `"${other}":0,"${key}":`);
      expect(outcome(twin)).toBe('refused');
    }),
  );
});

test('strict JSON means what JSON.parse makes of it, or is refused', () => {
  const integers = fc.letrec((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.maxSafeInteger(),
      fc.string(),
      fc.boolean(),
      fc.constant(null),
      fc.array(tie('value')),
      fc.dictionary(fc.string(), tie('value')),
    ),
  })).value;
  fc.assert(
    fc.property(integers, (value) => {
      const text = JSON.stringify(value);
      expect(JSON.stringify(parseStrictJson(Buffer.from(text)))).toBe(text);
    }),
  );
  fc.assert(
    fc.property(fc.json(), fc.nat(), (text, at) => {
      const cut = text.slice(0, at % (text.length + 1)) + text.slice((at % (text.length + 1)) + 1);
      try {
        expect(parseStrictJson(Buffer.from(cut))).toEqual(JSON.parse(cut));
      } catch (error) {
        if (!(error instanceof JsonRefused)) throw error;
      }
    }),
  );
});
