/** What people call an artifact: by its type, where that is one of the well-known ones. */
export type ArtifactKind = 'signature' | 'sbom' | 'attestation' | 'chart' | 'index' | 'image' | 'other';

const kinds: readonly [RegExp, ArtifactKind][] = [
  [/cosign.*(?:simplesigning|artifact\.sig)|notary.*signature|signature/, 'signature'],
  [/spdx|cyclonedx|syft|sbom/, 'sbom'],
  [/in-toto|attestation|provenance|sigstore\.bundle|dsse/, 'attestation'],
  [/helm\.config/, 'chart'],
  [/image\.index|manifest\.list/, 'index'],
  [/image\.(?:config|manifest)|container\.image|distribution\.manifest/, 'image'],
];

/** @param type an artifact type, or a media type where there is none */
export function artifactKind(type: string | null | undefined): ArtifactKind {
  return kinds.find(([pattern]) => pattern.test(type?.toLowerCase() ?? ''))?.[1] ?? 'other';
}

/** A tag under which older clients and cosign keep what belongs to an image: it is shown with that image. */
export function isReferrerTag(name: string): boolean {
  return /^sha256-[0-9a-f]{64}(?:\.(?:sig|att|sbom))?$/.test(name);
}
