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
 * The gate that every pushed manifest passes (T31, T36, T37, R11–R18).
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
    if (body[foreign] !== undefined) refuse(`${foreign} does not belong into ${mediaType}`);
  }
  const artifactType = optionalMediaType(body['artifactType'], 'artifactType');
  const subject = body['subject'] === undefined ? undefined : descriptor(body['subject'], 'subject');
  return {
    kind,
    mediaType,
    ...(artifactType && { artifactType }),
    ...(image && { config: descriptor(body['config'], 'config') }),
    layers: image ? list(body['layers'] ?? [], 'layers') : [],
    manifests: image ? [] : list(body['manifests'], 'manifests'),
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
  if (body !== undefined && typeof body !== 'string') refuse('mediaType must be a string');
  const said = header === undefined ? '' : bareMediaType(header);
  if (typeof body === 'string' && said && body !== said) {
    refuse(`Content-Type says ${said.slice(0, 255)}, mediaType says ${body.slice(0, 255)}`);
  }
  return typeof body === 'string' ? body.slice(0, 255) : said.slice(0, 255);
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
  const platform = object['platform'] === undefined ? undefined : platformOf(object['platform'], `${what}.platform`);
  const urls = object['urls'] === undefined ? undefined : webAddresses(object['urls'], `${what}.urls`);
  if (object['data'] !== undefined) checkData(object['data'], size, parsed, what);
  return {
    mediaType,
    digest: parsed,
    size,
    ...(artifactType && { artifactType }),
    ...(object['annotations'] !== undefined && {
      annotations: annotations(object['annotations'], `${what}.annotations`),
    }),
    ...(platform && { platform }),
    ...(urls && { urls }),
  };
}

function optionalMediaType(value: unknown, what: string): string | undefined {
  if (value === undefined || value === '') return undefined;
  if (typeof value !== 'string' || !isMediaType(value)) refuse(`${what} must be a media type`);
  return value;
}

function annotations(value: unknown, what: string): Record<string, string> {
  if (value === undefined || value === null) return {};
  const object = asObject(value, what);
  for (const [key, text] of Object.entries(object)) {
    if (typeof text !== 'string') refuse(`${what}[${JSON.stringify(key.slice(0, 64))}] must be a string`);
  }
  return object as Record<string, string>;
}

function platformOf(value: unknown, what: string): Platform {
  const platform = asObject(value, what);
  exactKeys(platform, platformKeys, what);
  const { os, architecture, variant } = platform;
  if (typeof os !== 'string' || typeof architecture !== 'string') refuse(`${what} needs os and architecture`);
  if (variant !== undefined && typeof variant !== 'string') refuse(`${what}.variant must be a string`);
  return {
    os,
    architecture,
    ...(typeof variant === 'string' && variant && { variant }),
  };
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
