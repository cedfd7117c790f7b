import { createUnionType, Field, Int, ObjectType } from 'type-graphql';
import { Robot as RobotEntity } from '@escale/schema/entities';
import { connectionOf } from '../graphql/connection.ts';
import { DateTime } from '../graphql/scalars.ts';
import { Robot } from '../robots/robot.type.ts';
import { Team } from '../teams/team.type.ts';
import { User } from '../users/user.type.ts';

export const Principal = createUnionType({
  name: 'Principal',
  description: 'Who can act: a user or a robot.',
  types: () => [User, Robot] as const,
  resolveType: (value: object) => (value instanceof RobotEntity ? Robot : User),
});

@ObjectType({ description: 'Somebody in an organization or in one of its teams.' })
export class Member {
  @Field(() => Principal, { description: 'The user or the robot.' })
  principal!: object;

  @Field(() => [Team], { description: 'The teams of the organization that the member is in, by name.' })
  teams!: readonly Team[];

  @Field(() => Int, {
    description: 'Repositories of the organization on which the member has a permission of its own.',
  })
  directPermissions!: number;

  @Field(() => Boolean, {
    description:
      'Whether the membership comes from a group of the identity provider; of an organization: whether every one does.',
  })
  synced!: boolean;

  @Field(() => DateTime, { description: 'Since when; of an organization: since the first membership.' })
  since!: Date;
}

export const MemberConnection = connectionOf('Member', () => Member);

@ObjectType({
  description: 'Somebody with permissions on repositories of an organization who is in none of its teams.',
})
export class Collaborator {
  @Field(() => User, { description: 'The user.' })
  user!: User;

  @Field(() => Int, { description: 'Repositories of the organization on which the user has a permission.' })
  directPermissions!: number;
}

export const CollaboratorConnection = connectionOf('Collaborator', () => Collaborator);
