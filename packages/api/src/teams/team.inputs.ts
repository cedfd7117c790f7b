import { Field, InputType, ObjectType } from 'type-graphql';
import { TeamRole } from '../graphql/enums.ts';
import { Team } from './team.type.ts';

@InputType({ description: 'Input of `createTeam`.' })
export class CreateTeamInput {
  @Field(() => String, { description: 'In which organization.' })
  organization!: string;

  @Field(() => String, { description: 'Unique in the organization; the rule of user names.' })
  name!: string;

  @Field(() => TeamRole, { nullable: true, defaultValue: TeamRole.MEMBER, description: 'What its members may do.' })
  role?: TeamRole | undefined;

  @Field(() => String, { nullable: true, description: 'Markdown; at most 10,000 characters.' })
  description?: string | null | undefined;
}

@ObjectType({ description: 'Payload of `createTeam`.' })
export class CreateTeamPayload {
  @Field(() => Team, { description: 'The new team.' })
  team!: Team;
}

@InputType({ description: 'Input of `updateTeam`: what is left out stays.' })
export class UpdateTeamInput {
  @Field(() => String, { description: 'Of which organization.' })
  organization!: string;

  @Field(() => String, { description: 'Which team; names do not change.' })
  team!: string;

  @Field(() => TeamRole, { nullable: true, description: 'What its members may do from now on.' })
  role?: TeamRole | null | undefined;

  @Field(() => String, { nullable: true, description: 'Markdown; null empties it.' })
  description?: string | null | undefined;
}

@ObjectType({ description: 'Payload of `updateTeam`.' })
export class UpdateTeamPayload {
  @Field(() => Team, { description: 'As it is now.' })
  team!: Team;
}

@InputType({ description: 'Input of `deleteTeam`.' })
export class DeleteTeamInput {
  @Field(() => String, { description: 'Of which organization.' })
  organization!: string;

  @Field(() => String, { description: 'Which team.' })
  team!: string;
}

@ObjectType({ description: 'Payload of `deleteTeam`.' })
export class DeleteTeamPayload {
  @Field(() => String, { description: 'Of which organization.' })
  organization!: string;

  @Field(() => String, { description: 'The name of the team that is gone.' })
  team!: string;
}

@InputType({ description: 'Input of `addTeamMember`.' })
export class AddTeamMemberInput {
  @Field(() => String, { description: 'Of which organization.' })
  organization!: string;

  @Field(() => String, { description: 'Into which team.' })
  team!: string;

  @Field(() => String, { description: '`alice`, or a robot of the organization: `acme+ci`.' })
  member!: string;
}

@ObjectType({ description: 'Payload of `addTeamMember`.' })
export class AddTeamMemberPayload {
  @Field(() => Team, { description: 'The team.' })
  team!: Team;
}

@InputType({ description: 'Input of `removeTeamMember`.' })
export class RemoveTeamMemberInput {
  @Field(() => String, { description: 'Of which organization.' })
  organization!: string;

  @Field(() => String, { description: 'Out of which team.' })
  team!: string;

  @Field(() => String, { description: '`alice`, or a robot of the organization: `acme+ci`. Oneself: to leave.' })
  member!: string;
}

@ObjectType({ description: 'Payload of `removeTeamMember`.' })
export class RemoveTeamMemberPayload {
  @Field(() => Team, { description: 'The team.' })
  team!: Team;
}

@InputType({ description: 'Input of `addPendingTeamMember`.' })
export class AddPendingTeamMemberInput {
  @Field(() => String, { description: 'Of which organization.' })
  organization!: string;

  @Field(() => String, { description: 'Into which team.' })
  team!: string;

  @Field(() => String, {
    description: 'The user name at the identity provider, or an e-mail address that is verified there.',
  })
  login!: string;
}

@ObjectType({ description: 'Payload of `addPendingTeamMember`.' })
export class AddPendingTeamMemberPayload {
  @Field(() => Team, { description: 'The team.' })
  team!: Team;
}

@InputType({ description: 'Input of `removePendingTeamMember`.' })
export class RemovePendingTeamMemberInput {
  @Field(() => String, { description: 'Of which organization.' })
  organization!: string;

  @Field(() => String, { description: 'Out of which team.' })
  team!: string;

  @Field(() => String, { description: 'As it was typed when the person was added.' })
  login!: string;
}

@ObjectType({ description: 'Payload of `removePendingTeamMember`.' })
export class RemovePendingTeamMemberPayload {
  @Field(() => Team, { description: 'The team.' })
  team!: Team;
}

@InputType({ description: 'Input of `syncTeam`.' })
export class SyncTeamInput {
  @Field(() => String, { description: 'Of which organization.' })
  organization!: string;

  @Field(() => String, { description: 'Which team.' })
  team!: string;

  @Field(() => String, {
    nullable: true,
    description: "The identity provider's group, by its full path: `/platform/dev`. Null ends the binding.",
  })
  group?: string | null | undefined;
}

@ObjectType({ description: 'Payload of `syncTeam`.' })
export class SyncTeamPayload {
  @Field(() => Team, { description: 'As it is now.' })
  team!: Team;
}
