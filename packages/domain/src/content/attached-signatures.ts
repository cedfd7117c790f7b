import {
  bundleContentKey,
  bundlePredicateKey,
  bundleTypePrefix,
  cosignLayerType,
  signatureContent,
  signaturePredicate,
  signatureTypes,
  type Digest,
} from '@escale/schema/values';
import { requireRole } from '../access/require-role.ts';
import type { Context } from '../context.ts';
import { pointingAtEach, subjects } from './pointing-at.ts';

/**
 * The condition under which a manifest `m` is a signature, as `artifactKind` says it. What cosign 2 keeps under a tag looks like an
 * image: its layers are told by the bytes of the manifest.
 */
const isSignature = {
  sql: `(m.artifact_type ~ ?
      or (starts_with(m.artifact_type, ?) and (m.annotations ->> ? = ? or m.annotations ->> ? = ?))
      or (m.artifact_type in (${['oci.image.config.v1', 'docker.container.image.v1'].map((type) => `'application/vnd.${type}+json'`).join(', ')})
        and position(convert_to(?, 'UTF8') in m.payload) > 0))`,
  parameters: [
    signatureTypes,
    ...[bundleTypePrefix, bundlePredicateKey, signaturePredicate, bundleContentKey, signatureContent],
    `"${cosignLayerType}"`,
  ],
};

/**
 * Which of these manifests something points at that says it is a signature. Nobody has verified it.
 * @throws NAME_UNKNOWN
 */
export async function findSignedManifests(
  ctx: Context,
  name: string,
  digests: readonly Digest[],
): Promise<Map<string, boolean>> {
  const repository = await requireRole(ctx, name, 'read');
  const each = subjects(repository.id, digests);
  const rows = await ctx.em.execute<{ digest: Digest }[]>(
    `select s.digest from ${each.sql} s
       where exists (select from manifests m where ${pointingAtEach} and ${isSignature.sql})`,
    [...each.parameters, ...isSignature.parameters],
  );
  return new Map(rows.map(({ digest }) => [digest, true]));
}
