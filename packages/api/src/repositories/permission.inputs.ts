import { Field, InputType, Int, ObjectType } from 'type-graphql';
import { RepositoryRole } from '../graphql/enums.ts';
import { GranteeInput, RepositoryPermission } from './permission.type.ts';
import { Repository } from './repository.type.ts';

@InputType({ description: 'Input of `setRepositoryPermission`.' })
export class SetRepositoryPermissionInput {
  @Field(() => String, { description: '`namespace/path`.' })
  repository!: string;

  @Field(() => GranteeInput, { description: 'Who is to have it.' })
  grantee!: GranteeInput;

  @Field(() => RepositoryRole, { description: 'The role, instead of what the grantee had.' })
  role!: RepositoryRole;
}

@ObjectType({ description: 'Payload of `setRepositoryPermission`.' })
export class SetRepositoryPermissionPayload {
  @Field(() => RepositoryPermission, { description: 'As it is now.' })
  permission!: RepositoryPermission;
}

@InputType({ description: 'Input of `removeRepositoryPermission`.' })
export class RemoveRepositoryPermissionInput {
  @Field(() => String, { description: '`namespace/path`.' })
  repository!: string;

  @Field(() => GranteeInput, { description: 'Whose permission ends.' })
  grantee!: GranteeInput;
}

@ObjectType({ description: 'Payload of `removeRepositoryPermission`.' })
export class RemoveRepositoryPermissionPayload {
  @Field(() => Repository, { description: 'The repository.' })
  repository!: Repository;
}

@InputType({ description: 'What a grantee is to have on one repository.' })
export class RepositoryRoleInput {
  @Field(() => String, { description: '`namespace/path`, of the organization at hand.' })
  repository!: string;

  @Field(() => RepositoryRole, { nullable: true, description: 'The role; null takes the permission.' })
  role?: RepositoryRole | null | undefined;
}

@InputType({ description: 'Input of `setGranteeRepositoryPermissions`.' })
export class SetGranteeRepositoryPermissionsInput {
  @Field(() => String, { description: 'Of which organization, or personal namespace, the repositories are.' })
  organization!: string;

  @Field(() => GranteeInput, { description: 'Whose permissions are set.' })
  grantee!: GranteeInput;

  @Field(() => [RepositoryRoleInput], {
    description: 'At most 500, each repository once; those not named stay as they are.',
  })
  permissions!: readonly RepositoryRoleInput[];
}

@ObjectType({ description: 'Payload of `setGranteeRepositoryPermissions`.' })
export class SetGranteeRepositoryPermissionsPayload {
  @Field(() => Int, { description: 'How many permissions changed.' })
  changed!: number;
}
