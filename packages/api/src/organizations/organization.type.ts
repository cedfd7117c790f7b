import { ArgsType, Field, ID, ObjectType } from 'type-graphql';
import type { Organization as OrganizationEntity } from '@escale/schema/entities';
import { connectionOf, PageArgs } from '../graphql/connection.ts';
import { DateTime } from '../graphql/scalars.ts';
import { Namespace } from '../namespaces/namespace.type.ts';

@ObjectType({ implements: Namespace, description: 'A namespace that people share. Its header is visible to all.' })
export class Organization extends Namespace {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => String, { nullable: true, description: 'Markdown; visible to all.' })
  description?: string | null | undefined;
}

export const OrganizationConnection = connectionOf('Organization', () => Organization);

@ObjectType({
  description: 'An organization that was deleted and can still be restored. Its name stays taken meanwhile.',
})
export class DeletedOrganization {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => String, { description: 'Its name.' })
  name!: string;

  @Field(() => DateTime, { description: 'When it was deleted.' })
  deletedAt!: Date;

  @Field(() => String, { nullable: true, description: 'Login of who deleted it.' })
  deletedBy?: string | null | undefined;

  @Field(() => DateTime, { description: 'From then on it may be gone for good, and its name free.' })
  restorableUntil!: Date;
}

@ArgsType()
export class OrganizationsArgs extends PageArgs {
  @Field(() => String, { nullable: true, description: 'Part of the name.' })
  search?: string | undefined;
}

export const DeletedOrganizationConnection = connectionOf('DeletedOrganization', () => DeletedOrganization);

export function toDeletedOrganization({
  id,
  namespace,
  deletedBy,
  createdAt,
}: OrganizationEntity): DeletedOrganization {
  const { name, deletedAt, purgeAt } = namespace;
  return { id, name, deletedAt: deletedAt ?? createdAt, deletedBy, restorableUntil: purgeAt ?? createdAt };
}
