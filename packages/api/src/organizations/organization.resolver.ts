import {
  Arg,
  Args,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import type { Organization as OrganizationEntity } from '@escale/schema/entities';
import { namespaceRole } from '@escale/domain/access';
import {
  createOrganization,
  findOrganization,
  listOrganizations,
  namespaceNameAvailability,
} from '@escale/domain/namespaces';
import { listRepositories } from '@escale/domain/repositories';
import { findRobotOf, listRobots } from '@escale/domain/robots';
import { connectionOf, PageArgs, toConnection, type Connection } from '../graphql/connection.ts';
import type { ApiContext } from '../graphql/context.ts';
import { NameAvailability, TeamRole } from '../graphql/enums.ts';
import { DateTime } from '../graphql/scalars.ts';
import { Namespace } from '../namespaces/namespace.type.ts';
import { RepositoryConnection } from '../repositories/repository.type.ts';
import { Robot, RobotConnection } from '../robots/robot.resolver.ts';

@ObjectType({ implements: Namespace, description: 'A namespace that people share. Its header is visible to all.' })
export class Organization extends Namespace {
  @Field(() => ID)
  id!: string;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => String, { nullable: true })
  description?: string | null | undefined;
}

export const OrganizationConnection = connectionOf('Organization', () => Organization);

@InputType()
class CreateOrganizationInput {
  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true })
  contactEmail?: string | null | undefined;

  @Field(() => String, { nullable: true })
  description?: string | null | undefined;
}

@ObjectType()
class CreateOrganizationPayload {
  @Field(() => Organization)
  organization!: Organization;
}

@Resolver(() => Organization)
export class OrganizationResolver {
  @Query(() => Organization, { nullable: true })
  async organization(@Arg('name', () => String) name: string, @Ctx() ctx: ApiContext) {
    return (await findOrganization(ctx, name)) ?? null;
  }

  @Query(() => OrganizationConnection, {
    description: 'Those that the viewer belongs to; all of them, for administrators.',
  })
  async organizations(@Args(() => PageArgs) page: PageArgs, @Ctx() ctx: ApiContext): Promise<Connection<Organization>> {
    return toConnection(await listOrganizations(ctx, page));
  }

  @Query(() => NameAvailability, { description: 'For forms, while one types.' })
  namespaceName(@Arg('name', () => String) name: string, @Ctx() ctx: ApiContext): Promise<NameAvailability> {
    return namespaceNameAvailability(ctx, name);
  }

  @Mutation(() => CreateOrganizationPayload)
  async createOrganization(
    @Arg('input', () => CreateOrganizationInput) input: CreateOrganizationInput,
    @Ctx() ctx: ApiContext,
  ): Promise<CreateOrganizationPayload> {
    return { organization: await createOrganization(ctx, input) };
  }

  @FieldResolver(() => String, { nullable: true, description: 'For admins of the organization.' })
  async contactEmail(@Root() organization: OrganizationEntity, @Ctx() ctx: ApiContext): Promise<string | null> {
    const role = await namespaceRole(ctx, organization.namespace.id);
    return role === 'admin' ? (organization.contactEmail ?? null) : null;
  }

  @FieldResolver(() => TeamRole, { nullable: true, description: "The highest of the viewer's team roles here." })
  async viewerRole(@Root() organization: OrganizationEntity, @Ctx() ctx: ApiContext): Promise<TeamRole | null> {
    return (await namespaceRole(ctx, organization.namespace.id)) ?? null;
  }

  @FieldResolver(() => RepositoryConnection)
  async repositories(
    @Root() { name }: OrganizationEntity,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('search', () => String, { nullable: true }) search: string | null,
    @Ctx() ctx: ApiContext,
  ) {
    return toConnection(await listRepositories(ctx, { namespace: name, search, page }));
  }

  @FieldResolver(() => RobotConnection, { description: 'For members.' })
  async robots(
    @Root() { name }: OrganizationEntity,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: ApiContext,
  ): Promise<Connection<Robot>> {
    return toConnection(await listRobots(ctx, name, page));
  }

  @FieldResolver(() => Robot, { nullable: true })
  async robot(
    @Root() organization: OrganizationEntity,
    @Arg('name', () => String) name: string,
    @Ctx() ctx: ApiContext,
  ): Promise<Robot | null> {
    return (await findRobotOf(ctx, organization.name, name)) ?? null;
  }
}
