import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { RepositoryRole } from '../graphql/enums.ts';
import { GranteeInput } from '../repositories/permission.type.ts';
import { AppliedPermission, DefaultPermission } from './default-permission.type.ts';

@InputType({ description: 'Input of `createDefaultPermission`.' })
export class CreateDefaultPermissionInput {
  @Field(() => String, { description: 'Of which organization.' })
  organization!: string;

  @Field(() => RepositoryRole, { description: 'What the grantee gets on each new repository.' })
  role!: RepositoryRole;

  @Field(() => GranteeInput, { description: 'Who gets it.' })
  grantee!: GranteeInput;

  @Field(() => String, {
    nullable: true,
    description: 'Only repositories that this user (`alice`) or robot (`acme+ci`) makes; anyone when left out.',
  })
  createdBy?: string | null | undefined;
}

@ObjectType({ description: 'Payload of `createDefaultPermission`.' })
export class CreateDefaultPermissionPayload {
  @Field(() => DefaultPermission, { description: 'The new rule.' })
  defaultPermission!: DefaultPermission;
}

@InputType({ description: 'Input of `updateDefaultPermission`.' })
export class UpdateDefaultPermissionInput {
  @Field(() => ID, { description: 'Which rule.' })
  id!: string;

  @Field(() => RepositoryRole, { description: 'What the grantee gets from now on.' })
  role!: RepositoryRole;
}

@ObjectType({ description: 'Payload of `updateDefaultPermission`.' })
export class UpdateDefaultPermissionPayload {
  @Field(() => DefaultPermission, { description: 'As it is now.' })
  defaultPermission!: DefaultPermission;
}

@InputType({ description: 'Input of `deleteDefaultPermission`.' })
export class DeleteDefaultPermissionInput {
  @Field(() => ID, { description: 'Which rule.' })
  id!: string;
}

@ObjectType({ description: 'Payload of `deleteDefaultPermission`.' })
export class DeleteDefaultPermissionPayload {
  @Field(() => ID, { description: 'The rule that is gone.' })
  id!: string;
}

@InputType({ description: 'Input of `applyDefaultPermissions`.' })
export class ApplyDefaultPermissionsInput {
  @Field(() => String, { description: 'Of which organization.' })
  organization!: string;

  @Field(() => String, {
    nullable: true,
    description: 'The `effect` of an earlier answer: do exactly what it listed. Left out: only list.',
  })
  effect?: string | null | undefined;
}

@ObjectType({ description: 'Payload of `applyDefaultPermissions`.' })
export class ApplyDefaultPermissionsPayload {
  @Field(() => [AppliedPermission], { description: 'The first thousand changes, by the name of the repository.' })
  changes!: readonly AppliedPermission[];

  @Field(() => Int, { description: 'How many changes there are in all.' })
  totalCount!: number;

  @Field(() => String, { description: 'Names exactly these changes; give it back to make them.' })
  effect!: string;

  @Field(() => Boolean, { description: 'Whether they were made.' })
  applied!: boolean;
}
