import { Field, ID, ObjectType } from 'type-graphql';
import { Repository } from '../repositories/repository.type.ts';

@ObjectType({ description: 'A tag that a search has found, with the repository that it is in.' })
export class FoundTag {
  @Field(() => ID, { description: 'Opaque; of the tag from when it named its manifest.' })
  id!: string;

  @Field(() => String, { description: 'The name of the tag.' })
  name!: string;

  @Field(() => Repository, { description: 'Where it is.' })
  repository!: object;
}
