import { ArgsType, Field, ID, Int, ObjectType } from 'type-graphql';
import { connectionOf, PageArgs } from '../graphql/connection.ts';
import { ExportState, UsageLogFormat } from '../graphql/enums.ts';
import { DateTime, JSONObject } from '../graphql/scalars.ts';

@ObjectType({ description: 'Who did what to which thing when. Names are as they were then.' })
export class UsageLogEntry {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => String, { description: 'One of `usageLogKinds`: `repository.pushed`, `robot.created`, …' })
  kind!: string;

  @Field(() => DateTime, { description: 'When it happened.' })
  at!: Date;

  @Field(() => String, { nullable: true, description: 'Whose log this belongs to; null for the registry as a whole.' })
  namespace?: string | null | undefined;

  @Field(() => String, { description: '`user`, `robot`, `anonymous` or `system`.' })
  performerKind!: string;

  @Field(() => String, { nullable: true, description: 'User name or robot login; null for anonymous.' })
  performer?: string | null | undefined;

  @Field(() => String, { nullable: true, description: '`namespace/path`.' })
  repository?: string | null | undefined;

  @Field(() => String, { nullable: true, description: 'The tag, where the act concerned one.' })
  tag?: string | null | undefined;

  @Field(() => String, { nullable: true, description: 'Of the manifest, where the act concerned one.' })
  digest?: string | null | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'Which credential: its kind, its title, and the public part of which one.',
  })
  authenticatedBy?: string | null | undefined;

  @Field(() => String, { nullable: true, description: 'The client’s address, as trusted proxies said it.' })
  clientAddress?: string | null | undefined;

  @Field(() => String, {
    nullable: true,
    description: 'What the client calls itself; anybody can claim anything here.',
  })
  userAgent?: string | null | undefined;

  @Field(() => JSONObject, { nullable: true, description: 'What else belongs to it; depends on the kind.' })
  details?: unknown;
}

export const UsageLogConnection = connectionOf('UsageLog', () => UsageLogEntry);

@ObjectType({ description: 'How many entries of one kind one day has.' })
export class UsageLogCount {
  @Field(() => DateTime, { description: 'The beginning of the day, in UTC.' })
  day!: Date;

  @Field(() => String, { description: 'The kind of the entries.' })
  kind!: string;

  @Field(() => Int, { description: 'How many.' })
  count!: number;
}

@ArgsType()
export class UsageLogCountsArgs {
  @Field(() => DateTime, { nullable: true, description: 'Not before it.' })
  from?: Date | undefined;

  @Field(() => DateTime, { nullable: true, description: 'Before it.' })
  to?: Date | undefined;

  @Field(() => String, { nullable: true, description: 'Exactly this user name or robot login.' })
  performer?: string | undefined;
}

@ArgsType()
export class UsageLogArgs extends PageArgs {
  @Field(() => DateTime, { nullable: true, description: 'Not before it.' })
  from?: Date | undefined;

  @Field(() => DateTime, { nullable: true, description: 'Before it.' })
  to?: Date | undefined;

  @Field(() => [String], { nullable: true, description: 'Only these kinds, of `usageLogKinds`.' })
  kinds?: string[] | undefined;

  @Field(() => String, { nullable: true, description: 'Exactly this user name or robot login.' })
  performer?: string | undefined;
}

@ArgsType()
export class RegistryUsageLogCountsArgs extends UsageLogCountsArgs {
  @Field(() => String, { nullable: true, description: 'Only under this name, as in `usageLog`.' })
  namespace?: string | undefined;
}

@ArgsType()
export class RegistryUsageLogArgs extends UsageLogArgs {
  @Field(() => String, {
    nullable: true,
    description: 'Only under this name, whoever had it then: an organization that was purged, too.',
  })
  namespace?: string | undefined;
}

@ObjectType({
  description: 'Usage logs in one file, written by a background job, kept for a day for who asked for it.',
})
export class UsageLogExport {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => ExportState, { description: 'READY: the file can be fetched.' })
  state!: ExportState;

  @Field(() => UsageLogFormat, { description: 'Of the file.' })
  format!: UsageLogFormat;

  @Field(() => Int, { description: 'Written so far.' })
  entries!: number;

  @Field(() => DateTime, { description: 'When it was asked for.' })
  createdAt!: Date;

  @Field(() => DateTime, { description: 'The file is gone after it.' })
  expiresAt!: Date;
}
