import { Field, ObjectType } from 'type-graphql';
import type { TagOutcome } from '@escale/domain/content';
import { clientCode } from '../graphql/format-error.ts';
import { Tag } from './tag.type.ts';

@ObjectType({ description: 'Payload of `setTag`.' })
export class SetTagPayload {
  @Field(() => Tag, { description: 'As it is now.' })
  tag!: Tag;
}

@ObjectType({ description: 'Payload of `restoreTag`.' })
export class RestoreTagPayload {
  @Field(() => Tag, { description: 'As it is now.' })
  tag!: Tag;
}

@ObjectType({ description: 'Payload of `setTagExpiry`.' })
export class SetTagExpiryPayload {
  @Field(() => Tag, { description: 'As it is now.' })
  tag!: Tag;
}

@ObjectType({ description: 'Payload of `setTagImmutability`.' })
export class SetTagImmutabilityPayload {
  @Field(() => Tag, { description: 'As it is now.' })
  tag!: Tag;
}

@ObjectType({ description: 'Payload of `deleteTag`.' })
export class DeleteTagPayload {
  @Field(() => String, { description: 'The name of the tag that is gone.' })
  name!: string;
}

@ObjectType({ description: 'How one of many went.' })
export class TagResult {
  @Field(() => String, { description: 'Its name.' })
  tag!: string;

  @Field(() => Boolean, { description: 'False: it was left as it was.' })
  done!: boolean;

  @Field(() => String, { nullable: true, description: 'Why not: the code that an error would carry.' })
  code?: string | undefined;

  @Field(() => String, { nullable: true, description: 'Why not, in words.' })
  message?: string | undefined;
}

@ObjectType({ description: 'Payload of `deleteTags`.' })
export class DeleteTagsPayload {
  @Field(() => [TagResult], { description: 'One for each name, in the order given.' })
  results!: TagResult[];
}

@ObjectType({ description: 'Payload of `setTagsExpiry`.' })
export class SetTagsExpiryPayload {
  @Field(() => [TagResult], { description: 'One for each name, in the order given.' })
  results!: TagResult[];
}

@ObjectType({ description: 'Payload of `setTagsImmutability`.' })
export class SetTagsImmutabilityPayload {
  @Field(() => [TagResult], { description: 'One for each name, in the order given.' })
  results!: TagResult[];
}

export function toResults(outcomes: readonly TagOutcome[]): TagResult[] {
  return outcomes.map(({ tag, refusal }) => ({
    tag,
    done: refusal === undefined,
    ...(refusal && { code: clientCode(refusal), message: refusal.message }),
  }));
}
