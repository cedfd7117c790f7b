import { Field, ID, ObjectType } from 'type-graphql';
import { connectionOf } from '../graphql/connection.ts';
import { TeamRole } from '../graphql/enums.ts';
import { DateTime } from '../graphql/scalars.ts';

@ObjectType({ description: 'A group of users and robots in an organization.' })
export class Team {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => String, { description: 'Its name within the organization.' })
  name!: string;

  @Field(() => TeamRole, {
    description:
      'MEMBER: only what its permissions give. CREATOR: may also make repositories. ADMIN: administers the organization and every repository in it.',
  })
  role!: TeamRole;

  @Field(() => String, { nullable: true, description: 'Markdown.' })
  description?: string | null | undefined;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => String, {
    nullable: true,
    description: "The identity provider's group whose people are in this team: `/platform/dev`.",
  })
  syncedGroup?: string | null | undefined;
}

@ObjectType({ description: 'Somebody who is in a team as soon as the person signs in.' })
export class PendingTeamMember {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => String, { description: 'The user name at the identity provider, or an e-mail address; in lower case.' })
  login!: string;

  @Field(() => DateTime, { description: 'Since when the team waits.' })
  createdAt!: Date;
}

export const PendingTeamMemberConnection = connectionOf('PendingTeamMember', () => PendingTeamMember);

export const TeamConnection = connectionOf('Team', () => Team);
