import { Field, ObjectType } from 'type-graphql';
import { connectionOf } from '../graphql/connection.ts';
import { ByteCount, DateTime } from '../graphql/scalars.ts';

@ObjectType({ description: 'A movable name for one manifest in a repository.' })
export class Tag {
  @Field(() => String)
  name!: string;

  @Field(() => String)
  digest!: string;

  @Field(() => String)
  mediaType!: string;

  @Field(() => ByteCount, {
    description: 'Of the manifest and of each distinct blob below it, children of an index included.',
  })
  size!: number;

  @Field(() => [String], { description: 'Of an index: `linux/arm64/v8`. Empty for a single image.' })
  platforms!: readonly string[];

  @Field(() => DateTime)
  pushedAt!: Date;

  @Field(() => String, { nullable: true })
  pushedBy?: string | undefined;

  @Field(() => DateTime, { nullable: true })
  expiresAt?: Date | null | undefined;

  @Field(() => Boolean)
  immutable!: boolean;
}

export const TagConnection = connectionOf('Tag', () => Tag);
