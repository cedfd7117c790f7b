import { Field, ObjectType } from 'type-graphql';
import { Outcome } from '../graphql/outcome.ts';
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
export class TagResult extends Outcome {
  @Field(() => String, { description: 'Its name.' })
  tag!: string;
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
