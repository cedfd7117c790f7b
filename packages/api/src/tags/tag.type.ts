import { Field, ID, ObjectType } from 'type-graphql';
import { connectionOf } from '../graphql/connection.ts';
import { TagEventKind } from '../graphql/enums.ts';
import { ByteCount, DateTime } from '../graphql/scalars.ts';

@ObjectType({ description: 'A movable name for one manifest in a repository.' })
export class Tag {
  @Field(() => String, { description: 'Unique among the tags of its repository.' })
  name!: string;

  @Field(() => String, { description: 'Of the manifest that it names.' })
  digest!: string;

  @Field(() => String, { description: 'Of the manifest that it names.' })
  mediaType!: string;

  @Field(() => String, { nullable: true, description: "The manifest's own, else its config's media type." })
  artifactType?: string | null | undefined;

  @Field(() => ByteCount, {
    description: 'Of the manifest and of each distinct blob below it, children of an index included.',
  })
  size!: number;

  @Field(() => [String], { description: '`linux/arm64/v8`: those of an index, or the one of an image.' })
  platforms!: readonly string[];

  @Field(() => DateTime, { description: 'Since when it names this manifest.' })
  pushedAt!: Date;

  @Field(() => String, {
    nullable: true,
    description: 'Login of the user or robot that made it name this manifest; null for callers who are not signed in.',
  })
  pushedBy?: string | undefined;

  @Field(() => DateTime, { nullable: true, description: 'When it ends by itself; null: never.' })
  expiresAt?: Date | null | undefined;

  @Field(() => Boolean, { description: 'It cannot be moved, deleted or expire.' })
  immutable!: boolean;

  @Field(() => DateTime, { nullable: true, description: 'By its name; a pull by digest is no pull of the tag.' })
  lastPulledAt?: Date | null | undefined;
}

export const TagConnection = connectionOf('Tag', () => Tag);

@ObjectType({ description: 'What happened to a tag.' })
export class TagEvent {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => String, { description: 'Its name.' })
  tag!: string;

  @Field(() => TagEventKind, { description: 'What happened.' })
  kind!: TagEventKind;

  @Field(() => DateTime, { description: 'When.' })
  at!: Date;

  @Field(() => String, {
    nullable: true,
    description: 'Login of the user or robot that did it; null where time did, and for callers who are not signed in.',
  })
  by?: string | undefined;

  @Field(() => String, { description: 'What the tag names since; what it named, where the event is its end.' })
  digest!: string;

  @Field(() => String, { nullable: true, description: 'What it named before, where it named something else.' })
  previousDigest?: string | null | undefined;

  @Field(() => DateTime, { nullable: true, description: 'The expiry that it has since.' })
  expiresAt?: Date | null | undefined;

  @Field(() => Boolean, {
    description: '`restoreTag` can make the tag name this digest again. False where it does so now.',
  })
  restorable!: boolean;
}

export const TagEventConnection = connectionOf('TagEvent', () => TagEvent);
