import { Field, InputType, ObjectType } from 'type-graphql';
import { Outcome } from '../graphql/outcome.ts';

@InputType({ description: 'Input of `deleteUntaggedManifests`.' })
export class DeleteUntaggedManifestsInput {
  @Field(() => String, { description: '`namespace/path`.' })
  repository!: string;

  @Field(() => [String], { description: '1 to 100 digests of its manifests.' })
  digests!: string[];
}

@ObjectType({ description: 'How one of many manifests went.' })
export class ManifestResult extends Outcome {
  @Field(() => String, { description: 'Which manifest.' })
  digest!: string;
}

@ObjectType({ description: 'Payload of `deleteUntaggedManifests`.' })
export class DeleteUntaggedManifestsPayload {
  @Field(() => [ManifestResult], { description: 'One for each digest, in the order given.' })
  results!: ManifestResult[];
}
