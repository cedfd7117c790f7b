import { Field, InputType, ObjectType } from 'type-graphql';
import type { ManifestOutcome } from '@escale/domain/content';
import { clientCode } from '../graphql/format-error.ts';

@InputType({ description: 'Input of `deleteUntaggedManifests`.' })
export class DeleteUntaggedManifestsInput {
  @Field(() => String, { description: '`namespace/path`.' })
  repository!: string;

  @Field(() => [String], { description: '1 to 100 digests of its manifests.' })
  digests!: string[];
}

@ObjectType({ description: 'How one of many manifests went.' })
export class ManifestResult {
  @Field(() => String, { description: 'Which manifest.' })
  digest!: string;

  @Field(() => Boolean, { description: 'False: it was left as it was.' })
  done!: boolean;

  @Field(() => String, { nullable: true, description: 'Why not: the code that an error would carry.' })
  code?: string | undefined;

  @Field(() => String, { nullable: true, description: 'Why not, in words.' })
  message?: string | undefined;
}

@ObjectType({ description: 'Payload of `deleteUntaggedManifests`.' })
export class DeleteUntaggedManifestsPayload {
  @Field(() => [ManifestResult], { description: 'One for each digest, in the order given.' })
  results!: ManifestResult[];
}

export function toManifestResults(outcomes: readonly ManifestOutcome[]): ManifestResult[] {
  return outcomes.map(({ digest, refusal }) => ({
    digest,
    done: refusal === undefined,
    ...(refusal && { code: clientCode(refusal), message: refusal.message }),
  }));
}
