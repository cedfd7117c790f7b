import { createUnionType, Field, InputType, ObjectType } from 'type-graphql';
import { Robot as RobotEntity, Team as TeamEntity } from '@escale/schema/entities';
import { AccessReason } from '../access/access-reason.type.ts';
import { connectionOf } from '../graphql/connection.ts';
import { RepositoryRole } from '../graphql/enums.ts';
import { Principal } from '../members/member.type.ts';
import { Robot } from '../robots/robot.type.ts';
import { Team } from '../teams/team.type.ts';
import { User } from '../users/user.type.ts';

export const Grantee = createUnionType({
  name: 'Grantee',
  description: 'Who can be given a role on a repository.',
  types: () => [User, Robot, Team] as const,
  resolveType: (value: object) => (value instanceof RobotEntity ? Robot : value instanceof TeamEntity ? Team : User),
});

@InputType({ description: 'Exactly one of the three. A team is one of the organization at hand.' })
export class GranteeInput {
  @Field(() => String, { nullable: true, description: 'A user name.' })
  user?: string | undefined;

  @Field(() => String, { nullable: true, description: '`namespace+name`.' })
  robot?: string | undefined;

  @Field(() => String, { nullable: true, description: 'The name of a team.' })
  team?: string | undefined;
}

@ObjectType({ description: 'A grantee has a role on a repository.' })
export class RepositoryPermission {
  @Field(() => RepositoryRole, { description: 'The role.' })
  role!: RepositoryRole;
}

export const RepositoryPermissionConnection = connectionOf('RepositoryPermission', () => RepositoryPermission);

@ObjectType({
  description: 'Somebody who may do something on a repository beyond what its being public gives, and why.',
})
export class EffectivePermission {
  @Field(() => Principal, { description: 'The user or the robot.' })
  principal!: object;

  @Field(() => RepositoryRole, { description: 'The highest of the reasons.' })
  role!: RepositoryRole;

  @Field(() => [AccessReason], { description: 'Every way in which a right comes.' })
  reasons!: readonly AccessReason[];
}

export const EffectivePermissionConnection = connectionOf('EffectivePermission', () => EffectivePermission);
