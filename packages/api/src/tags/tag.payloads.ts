import { Field, ObjectType } from 'type-graphql';
import type { TagOutcome } from '@escale/domain/content';
import { clientCode } from '../graphql/format-error.ts';
import { Tag } from './tag.type.ts';

@ObjectType()
export class SetTagPayload {
  @Field(() => Tag)
  tag!: Tag;
}

@ObjectType()
export class RestoreTagPayload {
  @Field(() => Tag)
  tag!: Tag;
}

@ObjectType()
export class SetTagExpiryPayload {
  @Field(() => Tag)
  tag!: Tag;
}

@ObjectType()
export class SetTagImmutabilityPayload {
  @Field(() => Tag)
  tag!: Tag;
}

@ObjectType()
export class DeleteTagPayload {
  @Field(() => String, { description: 'The name of the tag that is gone.' })
  name!: string;
}

@ObjectType({ description: 'How one of many went.' })
export class TagResult {
  @Field(() => String)
  tag!: string;

  @Field(() => Boolean)
  done!: boolean;

  @Field(() => String, { nullable: true, description: 'Why not: the code that an error would carry.' })
  code?: string | undefined;

  @Field(() => String, { nullable: true, description: 'Why not, in words.' })
  message?: string | undefined;
}

@ObjectType()
export class DeleteTagsPayload {
  @Field(() => [TagResult])
  results!: TagResult[];
}

@ObjectType()
export class SetTagsExpiryPayload {
  @Field(() => [TagResult])
  results!: TagResult[];
}

@ObjectType()
export class SetTagsImmutabilityPayload {
  @Field(() => [TagResult])
  results!: TagResult[];
}

export function toResults(outcomes: readonly TagOutcome[]): TagResult[] {
  return outcomes.map(({ tag, refusal }) => ({
    tag,
    done: refusal === undefined,
    ...(refusal && { code: clientCode(refusal), message: refusal.message }),
  }));
}
