export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociIndex = 'application/vnd.oci.image.index.v1+json';
export const dockerManifest = 'application/vnd.docker.distribution.manifest.v2+json';
export const dockerManifestList = 'application/vnd.docker.distribution.manifest.list.v2+json';

/** What the registry takes as a manifest, and which of the two shapes it has. */
const kinds: Readonly<Record<string, 'image' | 'index'>> = Object.freeze({
  [ociManifest]: 'image',
  [dockerManifest]: 'image',
  [ociIndex]: 'index',
  [dockerManifestList]: 'index',
});

export const indexTypes = Object.keys(kinds).filter((type) => kinds[type] === 'index');

/** Layers that licences keep at their makers (image-spec, layer.md): listed with an address, never required to be here. */
export function isNondistributable(mediaType: string): boolean {
  return (
    mediaType.startsWith('application/vnd.oci.image.layer.nondistributable.v1.tar') ||
    mediaType === 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'
  );
}

export function manifestKind(mediaType: string): 'image' | 'index' | undefined {
  return Object.hasOwn(kinds, mediaType) ? kinds[mediaType] : undefined;
}

const asImageManifest = 'push an OCI image manifest with artifactType instead (image-spec 1.1; a newer client does)';
const schema1 = 'this is Docker schema 1, which Docker itself has given up: push the image with a newer client';
const retired: Readonly<Record<string, string>> = Object.freeze({
  'application/vnd.oci.artifact.manifest.v1+json': `the OCI artifact manifest of image-spec 1.1.0-rc2 was withdrawn before the release: ${asImageManifest}`,
  'application/vnd.cncf.oras.artifact.manifest.v1+json': `the ORAS artifact manifest was given up in favour of image-spec 1.1: ${asImageManifest}`,
  'application/vnd.docker.distribution.manifest.v1+json': schema1,
  'application/vnd.docker.distribution.manifest.v1+prettyjws': schema1,
});

/** Explains a manifest type that older clients push and that is not supported any more; undefined for any other type. */
export function whyRetired(mediaType: string): string | undefined {
  return Object.hasOwn(retired, mediaType) ? `${mediaType} is not supported: ${retired[mediaType] ?? ''}` : undefined;
}

/** The type without its parameters, in lower case: `Application/JSON; charset=utf-8` → `application/json`. */
export function bareMediaType(header: string): string {
  return (header.split(';')[0] ?? '').trim().toLowerCase();
}

/** RFC 6838 §4.2, with the length it allows. */
export function isMediaType(text: string): boolean {
  return text.length <= 255 && /^[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]*\/[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]*$/.test(text);
}
