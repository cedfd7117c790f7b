import { Arg, Args, Ctx, Mutation, Query, Resolver } from 'type-graphql';
import {
  createOrganization,
  deleteOrganization,
  findOrganization,
  listDeletedOrganizations,
  listOrganizations,
  namespaceNameAvailability,
  removeOrganizationMember,
  restoreOrganization,
  updateOrganization,
} from '@escale/domain/namespaces';
import { Access } from '../graphql/access-rule.ts';
import { PageArgs, toConnection, type Connection } from '../graphql/connection.ts';
import type { ApiContext } from '../graphql/context.ts';
import { NameAvailability } from '../graphql/enums.ts';
import {
  CreateOrganizationInput,
  CreateOrganizationPayload,
  DeleteOrganizationInput,
  DeleteOrganizationPayload,
  RemoveOrganizationMemberInput,
  RemoveOrganizationMemberPayload,
  RestoreOrganizationInput,
  RestoreOrganizationPayload,
  UpdateOrganizationInput,
  UpdateOrganizationPayload,
} from './organization.inputs.ts';
import {
  DeletedOrganizationConnection,
  Organization,
  OrganizationConnection,
  OrganizationsArgs,
  toDeletedOrganization,
  type DeletedOrganization,
} from './organization.type.ts';

@Resolver()
export class OrganizationResolver {
  @Access('anyone', 'nothing')
  @Query(() => Organization, {
    nullable: true,
    description: 'Its header is visible to all; its parts need rights. Null when there is none of this name.',
  })
  async organization(
    @Arg('name', () => String, { description: 'Its name.' }) name: string,
    @Ctx() ctx: ApiContext,
  ): Promise<Organization | null> {
    return (await findOrganization(ctx, name)) ?? null;
  }

  @Access('anyone', 'own')
  @Query(() => OrganizationConnection, {
    description: 'Those that the viewer belongs to, by name; all of them, for administrators.',
  })
  async organizations(
    @Args(() => OrganizationsArgs) page: OrganizationsArgs,
    @Ctx() ctx: ApiContext,
  ): Promise<Connection<Organization>> {
    return toConnection(await listOrganizations(ctx, page));
  }

  @Access('person', 'own')
  @Query(() => DeletedOrganizationConnection, {
    description:
      'Those that the viewer administered and can restore, the latest deleted first; all, for administrators.',
  })
  async deletedOrganizations(
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: ApiContext,
  ): Promise<Connection<DeletedOrganization>> {
    const found = await listDeletedOrganizations(ctx, page);
    return toConnection({ ...found, items: found.items.map(toDeletedOrganization) });
  }

  @Access('anyone', 'nothing', { beforeConfirming: true })
  @Query(() => NameAvailability, {
    description: 'Whether a user or an organization may take a name; for forms, while one types.',
  })
  namespaceName(
    @Arg('name', () => String, { description: 'The wanted name.' }) name: string,
    @Ctx() ctx: ApiContext,
  ): Promise<NameAvailability> {
    return namespaceNameAvailability(ctx, name);
  }

  @Access('person', 'nothing', { scope: 'organizations:admin' })
  @Mutation(() => CreateOrganizationPayload, {
    description: 'Makes an organization with a team `owners` that administers it; the viewer is in that team.',
  })
  async createOrganization(
    @Arg('input', () => CreateOrganizationInput) input: CreateOrganizationInput,
    @Ctx() ctx: ApiContext,
  ): Promise<CreateOrganizationPayload> {
    return { organization: await createOrganization(ctx, input) };
  }

  @Access('signed in', 'namespace admin')
  @Mutation(() => UpdateOrganizationPayload, { description: 'Changes contact address, description and time machine.' })
  async updateOrganization(
    @Arg('input', () => UpdateOrganizationInput) input: UpdateOrganizationInput,
    @Ctx() ctx: ApiContext,
  ): Promise<UpdateOrganizationPayload> {
    return { organization: await updateOrganization(ctx, input) };
  }

  @Access('signed in', 'namespace admin')
  @Mutation(() => DeleteOrganizationPayload, {
    description:
      'Deletes an organization with everything in it, at once. Until the undo window ends `restoreOrganization` brings it back, and its name stays taken. Refused while a repository in it has immutable tags.',
  })
  async deleteOrganization(
    @Arg('input', () => DeleteOrganizationInput) input: DeleteOrganizationInput,
    @Ctx() ctx: ApiContext,
  ): Promise<DeleteOrganizationPayload> {
    return { organization: toDeletedOrganization(await deleteOrganization(ctx, input, ctx.services.config)) };
  }

  @Access('signed in', 'namespace admin')
  @Mutation(() => RestoreOrganizationPayload, {
    description: 'Brings a deleted organization back as it was; for those who administered it.',
  })
  async restoreOrganization(
    @Arg('input', () => RestoreOrganizationInput) input: RestoreOrganizationInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RestoreOrganizationPayload> {
    return { organization: await restoreOrganization(ctx, input) };
  }

  @Access('signed in', 'namespace admin')
  @Mutation(() => RemoveOrganizationMemberPayload, {
    description:
      'Takes somebody out of every team and away from every repository of an organization. Anybody may leave; one admin must stay.',
  })
  removeOrganizationMember(
    @Arg('input', () => RemoveOrganizationMemberInput) input: RemoveOrganizationMemberInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RemoveOrganizationMemberPayload> {
    return removeOrganizationMember(ctx, input);
  }
}
