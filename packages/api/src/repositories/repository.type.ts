import { Field, ID, ObjectType } from 'type-graphql';
import { connectionOf } from '../graphql/connection.ts';
import { Visibility } from '../graphql/enums.ts';
import { DateTime } from '../graphql/scalars.ts';

@ObjectType({ description: 'The named content `namespace/path`.' })
export class Repository {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: '`namespace/path`.' })
  name!: string;

  @Field(() => String, { description: 'The name without the namespace.' })
  path!: string;

  @Field(() => Visibility)
  visibility!: Visibility;

  @Field(() => String, { nullable: true })
  description?: string | null | undefined;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  lastPushedAt?: Date | null | undefined;
}

export const RepositoryConnection = connectionOf('Repository', () => Repository);
