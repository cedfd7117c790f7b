import {
  Arg,
  Args,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Int,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import {
  Organization as OrganizationEntity,
  type LogExport,
  type Repository as RepositoryEntity,
  type User as UserEntity,
} from '@escale/schema/entities';
import {
  countUsage,
  findExport,
  listUsage,
  requestExport,
  setLogRetention,
  usageKinds,
} from '@escale/domain/usage-logs';
import { Access } from '../graphql/access-rule.ts';
import { toConnection } from '../graphql/connection.ts';
import type { ApiContext } from '../graphql/context.ts';
import { UsageLogFormat } from '../graphql/enums.ts';
import { DateTime } from '../graphql/scalars.ts';
import { Namespace } from '../namespaces/namespace.type.ts';
import { Organization } from '../organizations/organization.type.ts';
import { Repository } from '../repositories/repository.type.ts';
import { exportLink } from './export-link.ts';
import {
  RegistryUsageLogArgs,
  RegistryUsageLogCountsArgs,
  UsageLogArgs,
  UsageLogConnection,
  UsageLogCount,
  UsageLogCountsArgs,
  UsageLogExport,
} from './usage-log.type.ts';

@InputType({ description: 'Which entries, in which format.' })
class ExportUsageLogInput {
  @Field(() => String, {
    nullable: true,
    description: 'Of this user or organization; left out by administrators: of all.',
  })
  namespace?: string | undefined;

  @Field(() => String, { nullable: true, description: 'Only of this repository, `namespace/path`.' })
  repository?: string | undefined;

  @Field(() => UsageLogFormat, { nullable: true, defaultValue: UsageLogFormat.JSON_LINES, description: 'Of the file.' })
  format!: UsageLogFormat;

  @Field(() => DateTime, { nullable: true, description: 'Not before it.' })
  from?: Date | undefined;

  @Field(() => DateTime, { nullable: true, description: 'Before it.' })
  to?: Date | undefined;

  @Field(() => [String], { nullable: true, description: 'Only these kinds, of `usageLogKinds`.' })
  kinds?: string[] | undefined;

  @Field(() => String, { nullable: true, description: 'Exactly this user name or robot login.' })
  performer?: string | undefined;
}

@ObjectType({ description: 'What came of `exportUsageLog`.' })
class ExportUsageLogPayload {
  @Field(() => UsageLogExport, { description: 'Ask for it again with `usageLogExport` until it is READY.' })
  export!: UsageLogExport;
}

@InputType({ description: 'How long an organization keeps its usage logs.' })
class SetUsageLogRetentionInput {
  @Field(() => String, { description: 'Its name.' })
  organization!: string;

  @Field(() => Int, { nullable: true, description: '1 to 3650; null: as long as the registry keeps them.' })
  days?: number | undefined;
}

@ObjectType({ description: 'What came of `setUsageLogRetention`.' })
class SetUsageLogRetentionPayload {
  @Field(() => Organization, { description: 'As it is now.' })
  organization!: Organization;
}

@Resolver()
export class UsageLogResolver {
  @Access('administrator', 'nothing')
  @Query(() => UsageLogConnection, {
    description: 'The whole registry’s, the newest first; for administrators. At most 10000 are counted.',
  })
  async usageLog(
    @Args(() => RegistryUsageLogArgs) { first, after, ...filter }: RegistryUsageLogArgs,
    @Ctx() ctx: ApiContext,
  ) {
    return toConnection(await listUsage(ctx, {}, filter, { first, after }));
  }

  @Access('administrator', 'nothing')
  @Query(() => [UsageLogCount], { description: 'The whole registry’s, per day and kind; for administrators.' })
  usageLogCounts(@Args(() => RegistryUsageLogCountsArgs) filter: RegistryUsageLogCountsArgs, @Ctx() ctx: ApiContext) {
    return countUsage(ctx, {}, filter);
  }

  @Access('anyone', 'nothing')
  @Query(() => [String], { description: 'Every kind of entry that there is.' })
  usageLogKinds(): readonly string[] {
    return usageKinds;
  }

  @Access('person', 'own')
  @Query(() => UsageLogExport, { description: 'One of the viewer’s own.' })
  usageLogExport(
    @Arg('id', () => ID, { description: 'As `exportUsageLog` gave it.' }) id: string,
    @Ctx() ctx: ApiContext,
  ): Promise<LogExport> {
    return findExport(ctx, id);
  }

  @Access('person', 'namespace admin', { scope: 'read' })
  @Mutation(() => ExportUsageLogPayload, { description: 'Has usage logs written into a file, in the background.' })
  async exportUsageLog(
    @Arg('input', () => ExportUsageLogInput) input: ExportUsageLogInput,
    @Ctx() ctx: ApiContext,
  ): Promise<{ export: LogExport }> {
    const requested = await requestExport(ctx, input);
    ctx.services.exports.wake();
    return { export: requested };
  }

  @Access('signed in', 'namespace admin')
  @Mutation(() => SetUsageLogRetentionPayload, {
    description: 'Older entries are deleted; for admins of the organization.',
  })
  async setUsageLogRetention(
    @Arg('input', () => SetUsageLogRetentionInput) input: SetUsageLogRetentionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<{ organization: OrganizationEntity }> {
    return { organization: await setLogRetention(ctx, input) };
  }
}

@Resolver(() => UsageLogExport)
export class UsageLogExportResolver {
  @FieldResolver(() => String, {
    nullable: true,
    description: 'Where the file is, once it is READY. Whoever has the link may fetch it.',
  })
  url(@Root() { id, state }: LogExport, @Ctx() ctx: ApiContext): string | null {
    return state === 'ready' ? exportLink(ctx.services, id) : null;
  }
}

@Resolver(() => Namespace)
export class NamespaceUsageLogResolver {
  @FieldResolver(() => UsageLogConnection, {
    description: 'The newest first; for admins of the namespace. At most 10000 are counted.',
  })
  async usageLog(
    @Root() namespace: UserEntity | OrganizationEntity,
    @Args(() => UsageLogArgs) { first, after, ...filter }: UsageLogArgs,
    @Ctx() ctx: ApiContext,
  ) {
    return toConnection(await listUsage(ctx, { namespace: nameOf(namespace) }, filter, { first, after }));
  }

  @FieldResolver(() => [UsageLogCount], {
    description: 'Per day and kind, the last 30 days unless said otherwise; for admins of the namespace.',
  })
  usageLogCounts(
    @Root() namespace: UserEntity | OrganizationEntity,
    @Args(() => UsageLogCountsArgs) filter: UsageLogCountsArgs,
    @Ctx() ctx: ApiContext,
  ) {
    return countUsage(ctx, { namespace: nameOf(namespace) }, filter);
  }
}

@Resolver(() => Organization)
export class OrganizationUsageLogResolver {
  @FieldResolver(() => Int, {
    nullable: true,
    description: 'Days that its usage logs are kept for; null: as long as the registry keeps them.',
  })
  usageLogRetentionDays(@Root() { logRetentionDays }: OrganizationEntity): number | null {
    return logRetentionDays ?? null;
  }
}

@Resolver(() => Repository)
export class RepositoryUsageLogResolver {
  @FieldResolver(() => UsageLogConnection, {
    description: 'The newest first; for admins of the repository. At most 10000 are counted.',
  })
  async usageLog(
    @Root() { name }: RepositoryEntity,
    @Args(() => UsageLogArgs) { first, after, ...filter }: UsageLogArgs,
    @Ctx() ctx: ApiContext,
  ) {
    return toConnection(await listUsage(ctx, { repository: name }, filter, { first, after }));
  }

  @FieldResolver(() => [UsageLogCount], {
    description: 'Per day and kind, the last 30 days unless said otherwise; for admins of the repository.',
  })
  usageLogCounts(
    @Root() { name }: RepositoryEntity,
    @Args(() => UsageLogCountsArgs) filter: UsageLogCountsArgs,
    @Ctx() ctx: ApiContext,
  ) {
    return countUsage(ctx, { repository: name }, filter);
  }
}

function nameOf(namespace: UserEntity | OrganizationEntity): string {
  return namespace instanceof OrganizationEntity ? namespace.name : namespace.username;
}
