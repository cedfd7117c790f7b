import { ArgsType, Field, InputType } from 'type-graphql';
import { PageArgs } from '../graphql/connection.ts';
import { RepositoryOrder, RepositoryRole, Visibility } from '../graphql/enums.ts';
import { GranteeInput } from './permission.type.ts';

@ArgsType()
export class RepositoriesArgs extends PageArgs {
  @Field(() => String, { nullable: true, description: 'Exactly this namespace.' })
  namespace?: string | undefined;

  @Field(() => String, { nullable: true, description: 'Part of the name.' })
  search?: string | undefined;

  @Field(() => Visibility, { nullable: true })
  visibility?: Visibility | undefined;

  @Field(() => RepositoryOrder, { nullable: true })
  orderBy?: RepositoryOrder | undefined;
}

@InputType()
export class CreateRepositoryInput {
  @Field(() => String, { description: '`namespace/path`.' })
  name!: string;

  @Field(() => Visibility, { nullable: true, defaultValue: Visibility.PRIVATE })
  visibility?: Visibility | undefined;

  @Field(() => String, { nullable: true })
  description?: string | undefined;
}

@InputType()
export class SetRepositoryVisibilityInput {
  @Field(() => String)
  repository!: string;

  @Field(() => Visibility)
  visibility!: Visibility;
}

@InputType()
export class SetRepositoryPermissionInput {
  @Field(() => String)
  repository!: string;

  @Field(() => GranteeInput)
  grantee!: GranteeInput;

  @Field(() => RepositoryRole)
  role!: RepositoryRole;
}

@InputType()
export class RemoveRepositoryPermissionInput {
  @Field(() => String)
  repository!: string;

  @Field(() => GranteeInput)
  grantee!: GranteeInput;
}
