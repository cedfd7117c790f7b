import type { ArtifactKind as ServerKind } from '../../graphql/generated/graphql.ts';

/** What people call an artifact, as the catalogues have it. */
export type ArtifactKind = Lowercase<ServerKind>;

const kinds: readonly [RegExp, ArtifactKind][] = [
  [/cosign\.(?:simplesigning|artifact\.sig)|cncf\.notary\..*signature$/, 'signature'],
  [/sigstore\.bundle/, 'bundle'],
  [/spdx|cyclonedx|syft|sbom/, 'sbom'],
  [/in-toto|attestation|provenance|dsse/, 'attestation'],
  [/helm\.config/, 'chart'],
  [/image\.index|manifest\.list/, 'index'],
  [/image\.(?:config|manifest)|container\.image|distribution\.manifest/, 'image'],
];

/**
 * The kind as far as the type alone tells it, for lists that do not ask the server for it.
 * @param type an artifact type, or a media type where there is none
 */
export function artifactKind(type: string | null | undefined): ArtifactKind {
  return kinds.find(([pattern]) => pattern.test(type?.toLowerCase() ?? ''))?.[1] ?? 'other';
}

/** The text of a kind that the server tells. */
export function kindKey(kind: ServerKind): `artifacts.${ArtifactKind}` {
  return `artifacts.${kind.toLowerCase() as ArtifactKind}`;
}

const referrerTag = /^sha(?:256|512)-[0-9a-f]{64}(?:\.(sig|att|sbom))?$/;

/** A tag under which older clients and cosign keep what belongs to an image: it is shown with that image. */
export function isReferrerTag(name: string): boolean {
  return referrerTag.test(name);
}

/** What cosign 2 keeps under a tag, told by the tag's name: its type is that of an image. */
export function referrerTagKind(name: string): ArtifactKind | undefined {
  const suffix = referrerTag.exec(name)?.[1];
  if (suffix === 'sig') return 'signature';
  if (suffix === 'att') return 'attestation';
  return suffix === 'sbom' ? 'sbom' : undefined;
}
