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

/** The type without its parameters, in lower case: `Application/JSON; charset=utf-8` → `application/json`. */
export function bareMediaType(header: string): string {
  return (header.split(';')[0] ?? '').trim().toLowerCase();
}

/** RFC 6838 §4.2, with the length it allows. */
export function isMediaType(text: string): boolean {
  return text.length <= 255 && /^[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]*\/[a-zA-Z0-9][a-zA-Z0-9!#$&^_.+-]*$/.test(text);
}
