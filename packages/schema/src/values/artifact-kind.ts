import { isImageConfig } from './image-config.ts';

/** What people call an artifact. It is what the artifact says of itself: nobody has verified it. */
export type ArtifactKind = 'signature' | 'sbom' | 'attestation' | 'bundle' | 'chart' | 'index' | 'image' | 'other';

/** What a manifest says that tells its kind. */
export interface ArtifactFacts {
  /** Its artifact type, or its media type where it has none. */
  readonly type: string;
  readonly annotations: Readonly<Record<string, string>>;
  /** Media types of its layers, where they were read. */
  readonly layerTypes?: readonly string[] | undefined;
}

/**
 * Artifact types of signatures: Notation's, and cosign 2's as referrers. A regular expression that JavaScript and PostgreSQL read
 * alike.
 */
export const signatureTypes =
  '^application/vnd\\.(cncf\\.notary\\.([a-z0-9.-]+\\.)?signature|dev\\.cosign\\.(artifact\\.sig|simplesigning)\\.v[0-9]+\\+json)$';

/** The layers of what cosign 2 keeps under `sha256-<hex>.sig`, whose manifest looks like an image otherwise. */
export const cosignLayerType = 'application/vnd.dev.cosign.simplesigning.v1+json';

/** How the artifact type of a Sigstore bundle begins, which cosign 3 writes for signatures and attestations alike. */
export const bundleTypePrefix = 'application/vnd.dev.sigstore.bundle';
/** The annotations of a bundle that tell which of both it is. */
export const bundleContentKey = 'dev.sigstore.bundle.content';
export const bundlePredicateKey = 'dev.sigstore.bundle.predicateType';
/** A bundle with this content signs the manifest itself. */
export const signatureContent = 'message-signature';
/** A bundle with this predicate type says no more than that the manifest was signed. */
export const signaturePredicate = 'https://sigstore.dev/cosign/sign/v1';

const byType: readonly [RegExp, ArtifactKind][] = [
  [new RegExp(signatureTypes), 'signature'],
  [/spdx|cyclonedx|syft|sbom/, 'sbom'],
  [/in-toto|attestation|provenance|dsse/, 'attestation'],
  [/helm\.config/, 'chart'],
  [/image\.index|manifest\.list/, 'index'],
  [/image\.(?:config|manifest)|container\.image|distribution\.manifest/, 'image'],
];

/** Tells a signature, an attestation and the like from what the artifact says of itself. */
export function artifactKind({ type, annotations, layerTypes = [] }: ArtifactFacts): ArtifactKind {
  if (type.startsWith(bundleTypePrefix)) return bundleKind(annotations);
  if (isImageConfig(type) && layerTypes.length > 0) {
    const kinds = new Set(layerTypes.map(layerKind));
    const [kind] = kinds;
    if (kinds.size === 1 && kind) return kind;
  }
  return kindOf(type) ?? 'other';
}

function bundleKind(annotations: Readonly<Record<string, string>>): ArtifactKind {
  const said = (key: string): string => (Object.hasOwn(annotations, key) ? (annotations[key] ?? '') : '');
  const predicate = said(bundlePredicateKey);
  if (predicate === signaturePredicate || said(bundleContentKey) === signatureContent) return 'signature';
  if (predicate === '') return 'bundle';
  return kindOf(predicate) === 'sbom' ? 'sbom' : 'attestation';
}

/** What older clients put into an image for want of artifact types. @returns undefined for a layer of a file system */
function layerKind(type: string): ArtifactKind | undefined {
  const kind = kindOf(type);
  return kind === 'signature' || kind === 'sbom' || kind === 'attestation' ? kind : undefined;
}

function kindOf(type: string): ArtifactKind | undefined {
  const folded = type.toLowerCase();
  return byType.find(([pattern]) => pattern.test(folded))?.[1];
}
