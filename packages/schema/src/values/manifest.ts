import { createHash } from 'node:crypto';
import type { Descriptor, Platform } from './descriptor.ts';
import { algorithmOf, parseDigest, type Digest } from './digest.ts';
import { bareMediaType, isMediaType, manifestKind, whyRetired } from './media-type.ts';
import { JsonRefused, parseStrictJson } from './strict-json.ts';

/** Bytes of the largest manifest taken; the specification asks for at least 4 MB (end-7). */
export const manifestSizeLimit = 4 * 1024 * 1024;

/** Layers of an image, or manifests of an index. */
const entryLimit = 2000;

/** What the registry needs to know of a manifest; its bytes are kept as they came. */
export interface ParsedManifest {
  readonly kind: 'image' | 'index';
  readonly mediaType: string;
  readonly artifactType?: string;
  readonly config?: Descriptor;
  readonly layers: readonly Descriptor[];
  readonly manifests: readonly Descriptor[];
  readonly subject?: Descriptor;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The body is not a manifest that may be stored; the message says why, for the client. */
export class ManifestRefused extends Error {
  override readonly name = 'ManifestRefused';
}

/**
 * The gate that every pushed manifest passes (T31, T36, T37, R11–R18). A field that the image specification calls optional may
 * be null, which Go programs write for an empty value and read as one: it counts as absent.
 * @param bytes at most `manifestSizeLimit`
 * @param contentType the request's header, or undefined where it sent none
 * @throws ManifestRefused
 */
export function parseManifest(bytes: Uint8Array, contentType: string | undefined): ParsedManifest {
  const body = asObject(parse(bytes), 'the manifest');
  exactKeys(body, manifestKeys, 'the manifest');
  const mediaType = agreedMediaType(contentType, body['mediaType']);
  const gone = whyRetired(mediaType);
  if (gone !== undefined) refuse(gone);
  if (body['schemaVersion'] !== 2) refuse('schemaVersion must be 2; schema 1 is not taken any more');
  const kind = manifestKind(mediaType) ?? refuse(`${mediaType || 'a manifest without a media type'} is not supported`);
  const image = kind === 'image';
  for (const foreign of image ? ['manifests'] : ['config', 'layers']) {
    if (isGiven(body[foreign])) refuse(`${foreign} does not belong into ${mediaType}`);
  }
  const artifactType = optionalMediaType(body['artifactType'], 'artifactType');
  const subject = isGiven(body['subject']) ? descriptor(body['subject'], 'subject') : undefined;
  return {
    kind,
    mediaType,
    ...(artifactType && { artifactType }),
    ...(image && { config: descriptor(body['config'], 'config') }),
    layers: image ? list(body['layers'] ?? [], 'layers') : [],
    // Required, but null is how Go writes an empty list.
    manifests: image || body['manifests'] === null ? [] : list(body['manifests'], 'manifests'),
    ...(subject && { subject }),
    annotations: annotations(body['annotations'], 'annotations'),
  };
}

const manifestKeys = byFolded([
  ...['schemaVersion', 'mediaType', 'artifactType', 'config', 'layers', 'manifests', 'subject', 'annotations'],
]);
const descriptorKeys = byFolded([
  ...['mediaType', 'digest', 'size', 'urls', 'annotations', 'data', 'artifactType', 'platform'],
]);
const platformKeys = byFolded(['os', 'architecture', 'variant', 'os.version', 'os.features', 'features']);

function byFolded(keys: readonly string[]): ReadonlyMap<string, string> {
  return new Map(keys.map((key) => [folded(key), key]));
}

/** As Go folds: the long s is an s, the Kelvin sign a k. */
function folded(key: string): string {
  return key.toUpperCase().toLowerCase();
}

function refuse(why: string): never {
  throw new ManifestRefused(why);
}

function parse(bytes: Uint8Array): unknown {
  try {
    return parseStrictJson(bytes);
  } catch (error) {
    if (error instanceof JsonRefused) refuse(`the manifest is not acceptable JSON: ${error.message}`);
    throw error;
  }
}

/** The header and the body must say the same type where both say one (CVE-2021-41190). */
function agreedMediaType(header: string | undefined, body: unknown): string {
  if (isGiven(body) && typeof body !== 'string') refuse('mediaType must be a string');
  const said = header === undefined ? '' : bareMediaType(header);
  if (body && said && body !== said) {
    refuse(`Content-Type says ${said.slice(0, 255)}, mediaType says ${body.slice(0, 255)}`);
  }
  return (body || said).slice(0, 255);
}

/** Whether a field is there with a value; null is none. */
function isGiven<Value>(value: Value): value is Value & {} {
  return value !== undefined && value !== null;
}

function asObject(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) refuse(`${what} must be an object`);
  return value as Record<string, unknown>;
}

/** Go clients match keys without regard to case; a look-alike of a known key would mean another manifest to them (R14). */
function exactKeys(value: Record<string, unknown>, known: ReadonlyMap<string, string>, what: string): void {
  for (const key of Object.keys(value)) {
    const alike = known.get(folded(key));
    if (alike !== undefined && alike !== key)
      refuse(`${what} has the key ${JSON.stringify(key)}; did it mean "${alike}"?`);
  }
}

function list(value: unknown, what: string): Descriptor[] {
  if (!Array.isArray(value)) refuse(`${what} must be an array`);
  const entries = value as unknown[];
  if (entries.length > entryLimit) refuse(`${what} has more than ${String(entryLimit)} entries`);
  return entries.map((entry, index) => descriptor(entry, `${what}[${String(index)}]`));
}

function descriptor(value: unknown, what: string): Descriptor {
  const object = asObject(value, what);
  exactKeys(object, descriptorKeys, what);
  const { mediaType, digest, size } = object;
  if (typeof mediaType !== 'string' || !isMediaType(mediaType)) refuse(`${what}.mediaType must be a media type`);
  const parsed = typeof digest === 'string' ? parseDigest(digest) : undefined;
  if (!parsed) refuse(`${what}.digest must be a sha256 or sha512 digest`);
  if (typeof size !== 'number' || !Number.isSafeInteger(size) || size < 0)
    refuse(`${what}.size must be a number of bytes`);
  const artifactType = optionalMediaType(object['artifactType'], `${what}.artifactType`);
  const platform = isGiven(object['platform']) ? platformOf(object['platform'], `${what}.platform`) : undefined;
  const urls = isGiven(object['urls']) ? webAddresses(object['urls'], `${what}.urls`) : undefined;
  if (isGiven(object['data'])) checkData(object['data'], size, parsed, what);
  return {
    mediaType,
    digest: parsed,
    size,
    ...(artifactType && { artifactType }),
    ...(isGiven(object['annotations']) && {
      annotations: annotations(object['annotations'], `${what}.annotations`),
    }),
    ...(platform && { platform }),
    ...(urls && { urls }),
  };
}

function optionalMediaType(value: unknown, what: string): string | undefined {
  if (!isGiven(value) || value === '') return undefined;
  if (typeof value !== 'string' || !isMediaType(value)) refuse(`${what} must be a media type`);
  return value;
}

function annotations(value: unknown, what: string): Record<string, string> {
  if (!isGiven(value)) return {};
  const entries = Object.entries(asObject(value, what)).filter(([, text]) => text !== null);
  for (const [key, text] of entries) {
    if (typeof text !== 'string') refuse(`${what}[${JSON.stringify(key.slice(0, 64))}] must be a string`);
  }
  return Object.fromEntries(entries) as Record<string, string>;
}

/**
 * Clients write an empty platform, and half of one, for what has none: the half that is missing is unknown.
 * @returns undefined for an empty platform
 */
function platformOf(value: unknown, what: string): Platform | undefined {
  const platform = asObject(value, what);
  exactKeys(platform, platformKeys, what);
  const member = (name: 'os' | 'architecture' | 'variant'): string => {
    const text = platform[name] ?? '';
    return typeof text === 'string' ? text : refuse(`${what}.${name} must be a string`);
  };
  const [os, architecture, variant] = [member('os'), member('architecture'), member('variant')];
  if (os === '' && architecture === '') return undefined;
  return { os: os || 'unknown', architecture: architecture || 'unknown', ...(variant && { variant }) };
}

function webAddresses(value: unknown, what: string): string[] {
  const fine = Array.isArray(value) && value.every((url) => typeof url === 'string' && isWebAddress(url));
  if (!fine) refuse(`${what} must be http or https addresses`);
  return value as string[];
}

function isWebAddress(text: string): boolean {
  return /^https?:\/\/[^\s\\]+$/i.test(text) && text.length <= 2048 && URL.canParse(text);
}

/** Inlined content must be the content that the descriptor names (R18). */
function checkData(value: unknown, size: number, digest: Digest, what: string): void {
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(value)) refuse(`${what}.data must be base64`);
  const data = Buffer.from(value, 'base64');
  const hex = createHash(algorithmOf(digest)).update(data).digest('hex');
  if (data.length !== size || !digest.endsWith(`:${hex}`)) refuse(`${what}.data is not the content of ${digest}`);
}
