import { createUnionType, Field, ID, InputType, ObjectType } from 'type-graphql';
import { Robot as RobotEntity, Team as TeamEntity } from '@escale/schema/entities';
import { connectionOf } from '../graphql/connection.ts';
import { RepositoryRole, TeamRole } from '../graphql/enums.ts';
import { Robot } from '../robots/robot.resolver.ts';
import { User } from '../users/user.resolver.ts';

@ObjectType({ description: 'A group of users and robots in an organization.' })
export class Team {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  name!: string;

  @Field(() => TeamRole)
  role!: TeamRole;

  @Field(() => String, { nullable: true })
  description?: string | null | undefined;
}

export const Grantee = createUnionType({
  name: 'Grantee',
  description: 'Who can be given a role on a repository.',
  types: () => [User, Robot, Team] as const,
  resolveType: (value: object) => (value instanceof RobotEntity ? Robot : value instanceof TeamEntity ? Team : User),
});

@InputType({ description: 'Exactly one of the three. A team is one of the organization at hand.' })
export class GranteeInput {
  @Field(() => String, { nullable: true })
  user?: string | undefined;

  @Field(() => String, { nullable: true, description: '`namespace+name`.' })
  robot?: string | undefined;

  @Field(() => String, { nullable: true })
  team?: string | undefined;
}

@ObjectType({ description: 'A grantee has a role on a repository.' })
export class RepositoryPermission {
  @Field(() => RepositoryRole)
  role!: RepositoryRole;
}

export const RepositoryPermissionConnection = connectionOf('RepositoryPermission', () => RepositoryPermission);
