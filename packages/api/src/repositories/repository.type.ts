import { Field, ID, Int, ObjectType } from 'type-graphql';
import { connectionOf } from '../graphql/connection.ts';
import { Visibility } from '../graphql/enums.ts';
import { ByteCount, DateTime } from '../graphql/scalars.ts';

@ObjectType({ description: 'The named content `namespace/path`.' })
export class Repository {
  @Field(() => ID, { description: 'Opaque; another repository of the same name has another.' })
  id!: string;

  @Field(() => String, { description: '`namespace/path`.' })
  name!: string;

  @Field(() => String, { description: 'The name without the namespace.' })
  path!: string;

  @Field(() => Visibility, { description: 'PRIVATE: those who are granted it. PUBLIC: everybody may see and pull.' })
  visibility!: Visibility;

  @Field(() => String, { nullable: true, description: 'Markdown.' })
  description?: string | null | undefined;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'When a manifest was last pushed; null for never.' })
  lastPushedAt?: Date | null | undefined;
}

@ObjectType({ description: 'What somebody can see in a repository.' })
export class PublicContents {
  @Field(() => Int, { description: 'Tags.' })
  tags!: number;

  @Field(() => Int, { description: 'Manifests, untagged ones included.' })
  manifests!: number;

  @Field(() => ByteCount, { description: 'Bytes of each distinct blob and each manifest.' })
  bytes!: number;
}

export const RepositoryConnection = connectionOf('Repository', () => Repository);
