import { Field, ID, ObjectType } from 'type-graphql';
import { connectionOf } from '../graphql/connection.ts';
import { RepositoryRole } from '../graphql/enums.ts';
import { DateTime } from '../graphql/scalars.ts';
import { Grantee } from '../repositories/permission.type.ts';
import { Repository } from '../repositories/repository.type.ts';

@ObjectType({
  description:
    'A rule of an organization that adds a permission to each new repository. A rule for one creator stands above the one for anyone.',
})
export class DefaultPermission {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => RepositoryRole, { description: 'What the grantee gets.' })
  role!: RepositoryRole;

  @Field(() => DateTime, { description: 'When the rule was made.' })
  createdAt!: Date;
}

export const DefaultPermissionConnection = connectionOf('DefaultPermission', () => DefaultPermission);

@ObjectType({ description: 'A permission with which a new repository would start.' })
export class FirstPermission {
  @Field(() => Grantee, { description: 'Who would have it.' })
  grantee!: object;

  @Field(() => RepositoryRole, { description: 'The role.' })
  role!: RepositoryRole;

  @Field(() => DefaultPermission, {
    nullable: true,
    description: "The rule that gives it; null for the creator's own.",
  })
  rule?: DefaultPermission | undefined;
}

@ObjectType({ description: 'A permission that applying the default permissions adds, or raises.' })
export class AppliedPermission {
  @Field(() => Repository, { description: 'Where.' })
  repository!: Repository;

  @Field(() => Grantee, { description: 'Who gets it.' })
  grantee!: object;

  @Field(() => RepositoryRole, { description: 'What the grantee gets.' })
  role!: RepositoryRole;

  @Field(() => RepositoryRole, { nullable: true, description: 'What the grantee has of its own there now.' })
  before?: RepositoryRole | undefined;
}
