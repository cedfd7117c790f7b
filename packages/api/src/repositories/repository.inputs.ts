import { ArgsType, Field, InputType, ObjectType } from 'type-graphql';
import { PageArgs } from '../graphql/connection.ts';
import { RepositoryOrder, Visibility } from '../graphql/enums.ts';
import { DeletedRepository } from './deleted-repository.type.ts';
import { Repository } from './repository.type.ts';

@ArgsType()
export class RepositoriesArgs extends PageArgs {
  @Field(() => String, { nullable: true, description: 'Exactly this namespace.' })
  namespace?: string | undefined;

  @Field(() => String, { nullable: true, description: 'Part of the name.' })
  search?: string | undefined;

  @Field(() => Visibility, { nullable: true, description: 'Only public or only private ones.' })
  visibility?: Visibility | undefined;

  @Field(() => Boolean, { nullable: true, description: 'Only those that the viewer has starred, or has not.' })
  starred?: boolean | undefined;

  @Field(() => RepositoryOrder, { nullable: true, description: 'By name when left out.' })
  orderBy?: RepositoryOrder | undefined;
}

@InputType({ description: 'Input of `createRepository`.' })
export class CreateRepositoryInput {
  @Field(() => String, { description: '`namespace/path`.' })
  name!: string;

  @Field(() => Visibility, {
    nullable: true,
    defaultValue: Visibility.PRIVATE,
    description: 'Who may see and pull it.',
  })
  visibility?: Visibility | undefined;

  @Field(() => String, { nullable: true, description: 'Markdown; at most 50,000 characters.' })
  description?: string | undefined;
}

@ObjectType({ description: 'Payload of `createRepository`.' })
export class CreateRepositoryPayload {
  @Field(() => Repository, { description: 'The new repository.' })
  repository!: Repository;
}

@InputType({ description: 'Input of `updateRepository`: what is left out stays.' })
export class UpdateRepositoryInput {
  @Field(() => String, { description: '`namespace/path`.' })
  repository!: string;

  @Field(() => String, { nullable: true, description: 'Markdown; null empties it.' })
  description?: string | null | undefined;
}

@ObjectType({ description: 'Payload of `updateRepository`.' })
export class UpdateRepositoryPayload {
  @Field(() => Repository, { description: 'As it is now.' })
  repository!: Repository;
}

@InputType({ description: 'Input of `setRepositoryVisibility`.' })
export class SetRepositoryVisibilityInput {
  @Field(() => String, { description: '`namespace/path`.' })
  repository!: string;

  @Field(() => Visibility, { description: 'Who may see and pull it from now on.' })
  visibility!: Visibility;
}

@ObjectType({ description: 'Payload of `setRepositoryVisibility`.' })
export class SetRepositoryVisibilityPayload {
  @Field(() => Repository, { description: 'As it is now.' })
  repository!: Repository;
}

@InputType({ description: 'Input of `deleteRepository`.' })
export class DeleteRepositoryInput {
  @Field(() => String, { description: '`namespace/path`.' })
  repository!: string;

  @Field(() => String, { description: 'The same name once more, so that it is meant.' })
  confirmName!: string;
}

@ObjectType({ description: 'Payload of `deleteRepository`.' })
export class DeleteRepositoryPayload {
  @Field(() => DeletedRepository, { description: 'What was deleted, and until when it can be restored.' })
  repository!: DeletedRepository;
}

@InputType({ description: 'Input of `restoreRepository`.' })
export class RestoreRepositoryInput {
  @Field(() => String, {
    description: 'The name of the deleted repository; of several, the one that was deleted last.',
  })
  repository!: string;
}

@ObjectType({ description: 'Payload of `restoreRepository`.' })
export class RestoreRepositoryPayload {
  @Field(() => Repository, { description: 'As it was before it was deleted.' })
  repository!: Repository;
}

@InputType({ description: 'Input of `setStar`.' })
export class SetStarInput {
  @Field(() => String, { description: '`namespace/path`.' })
  repository!: string;

  @Field(() => Boolean, { description: 'Whether it is to be starred.' })
  starred!: boolean;
}

@ObjectType({ description: 'Payload of `setStar`.' })
export class SetStarPayload {
  @Field(() => Repository, { description: 'As it is now.' })
  repository!: Repository;
}
