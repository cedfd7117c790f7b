import { ArgsType, Field, InputType } from 'type-graphql';
import { PageArgs } from '../graphql/connection.ts';
import { TagOrder } from '../graphql/enums.ts';
import { DateTime } from '../graphql/scalars.ts';

const searchDescription =
  'Part of the name, or the beginning of a digest: `sha256:ab`; `is:deprecated` finds the deprecated ones.';
const orderDescription = 'PUSHED when left out.';

@ArgsType()
export class TagsArgs extends PageArgs {
  @Field(() => String, { nullable: true, description: searchDescription })
  search?: string | undefined;

  @Field(() => TagOrder, { nullable: true, description: orderDescription })
  orderBy?: TagOrder | undefined;
}

@ArgsType()
export class TagNamesArgs {
  @Field(() => String, { nullable: true, description: searchDescription })
  search?: string | undefined;

  @Field(() => TagOrder, { nullable: true, description: orderDescription })
  orderBy?: TagOrder | undefined;
}

@ArgsType()
export class TagHistoryArgs extends PageArgs {
  @Field(() => String, { nullable: true, description: 'Exactly this tag; all of them when left out.' })
  tag?: string | undefined;
}

@InputType({ description: 'One tag of a repository.' })
class OneTag {
  @Field(() => String, { description: '`namespace/path`.' })
  repository!: string;

  @Field(() => String, { description: 'Its name.' })
  tag!: string;
}

@InputType({ description: 'Several tags of a repository, at most 500.' })
class ManyTags {
  @Field(() => String, { description: '`namespace/path`.' })
  repository!: string;

  @Field(() => [String], { description: 'Their names.' })
  tags!: string[];
}

@InputType({ description: 'Input of `setTag`.' })
export class SetTagInput extends OneTag {
  @Field(() => String, { description: 'A manifest that the repository has.' })
  digest!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The tag is moved only if it names this at that moment; else PRECONDITION_FAILED.',
  })
  expectedDigest?: string | undefined;

  @Field(() => Boolean, {
    nullable: true,
    description: 'The tag is made only if there is none; else PRECONDITION_FAILED.',
  })
  mustBeNew?: boolean | undefined;
}

@InputType({ description: 'Input of `deleteTag`.' })
export class DeleteTagInput extends OneTag {}

@InputType({ description: 'Input of `deleteTags`.' })
export class DeleteTagsInput extends ManyTags {}

@InputType({ description: 'Input of `restoreTag`.' })
export class RestoreTagInput extends OneTag {
  @Field(() => String, { description: 'What the tag named before: see `tagHistory`.' })
  digest!: string;
}

@InputType({ description: 'Input of `setTagExpiry`.' })
export class SetTagExpiryInput extends OneTag {
  @Field(() => DateTime, { nullable: true, description: 'Null: never.' })
  expiresAt?: Date | undefined;
}

@InputType({ description: 'Input of `setTagsExpiry`.' })
export class SetTagsExpiryInput extends ManyTags {
  @Field(() => DateTime, { nullable: true, description: 'Null: never.' })
  expiresAt?: Date | undefined;
}

@InputType({ description: 'Input of `setTagImmutability`.' })
export class SetTagImmutabilityInput extends OneTag {
  @Field(() => Boolean, { description: 'False makes it mutable again.' })
  immutable!: boolean;
}

@InputType({ description: 'Input of `setTagsImmutability`.' })
export class SetTagsImmutabilityInput extends ManyTags {
  @Field(() => Boolean, { description: 'False makes them mutable again.' })
  immutable!: boolean;
}
