import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { MessageSeverity, OrganizationCreation } from '../graphql/enums.ts';
import { DateTime } from '../graphql/scalars.ts';
import { Organization } from '../organizations/organization.type.ts';
import { User } from '../users/user.type.ts';
import { GlobalMessage, RegistrySettings } from './administration.type.ts';

@InputType({ description: 'Whom to disable.' })
export class DisableUserInput {
  @Field(() => String, { description: 'Not the viewer’s own.' })
  username!: string;
}

@ObjectType({ description: 'What came of `disableUser`.' })
export class DisableUserPayload {
  @Field(() => User, { description: 'As it is now.' })
  user!: User;
}

@InputType({ description: 'Whom to enable.' })
export class EnableUserInput {
  @Field(() => String, { description: 'Of the user.' })
  username!: string;
}

@ObjectType({ description: 'What came of `enableUser`.' })
export class EnableUserPayload {
  @Field(() => User, { description: 'As it is now.' })
  user!: User;
}

@InputType({ description: 'What to take over.' })
export class TakeOverOrganizationInput {
  @Field(() => String, { description: 'Its name.' })
  organization!: string;
}

@ObjectType({ description: 'What came of `takeOverOrganization`.' })
export class TakeOverOrganizationPayload {
  @Field(() => Organization, { description: 'As it is now.' })
  organization!: Organization;
}

@InputType({ description: 'Input of `allowOrganizationGroups`.' })
export class AllowOrganizationGroupsInput {
  @Field(() => String, { description: 'Name of the organization.' })
  organization!: string;

  @Field(() => [String], {
    description:
      'Replace the present patterns. A full path such as `/platform/dev` allows that group. `*` at the end allows every group whose path begins so: `/platform/*`. An empty list allows no group. At most 100 patterns of 1024 characters.',
  })
  patterns!: string[];
}

@ObjectType({ description: 'Payload of `allowOrganizationGroups`.' })
export class AllowOrganizationGroupsPayload {
  @Field(() => Organization, { description: 'The organization with its new patterns.' })
  organization!: Organization;
}

@InputType({ description: 'Which tokens to end.' })
export class RevokeTokensInput {
  @Field(() => String, {
    description: 'A user: the own tokens and those of the own robots. An organization: those of its robots.',
  })
  namespace!: string;

  @Field(() => DateTime, { nullable: true, description: 'Only those made at this moment or later.' })
  createdFrom?: Date | undefined;

  @Field(() => DateTime, { nullable: true, description: 'Only those made before.' })
  createdTo?: Date | undefined;
}

@ObjectType({ description: 'What came of `revokeTokens`.' })
export class RevokeTokensPayload {
  @Field(() => Int, { description: 'How many tokens are gone.' })
  revoked!: number;
}

@InputType({ description: 'A message to everybody.' })
export class CreateMessageInput {
  @Field(() => MessageSeverity, { nullable: true, defaultValue: MessageSeverity.INFO, description: 'How it is shown.' })
  severity!: MessageSeverity;

  @Field(() => String, { description: 'Plain text, 1 to 1000 characters.' })
  text!: string;

  @Field(() => DateTime, { nullable: true, description: 'Not shown any more after it.' })
  expiresAt?: Date | undefined;
}

@ObjectType({ description: 'What came of `createMessage`.' })
export class CreateMessagePayload {
  @Field(() => GlobalMessage, { description: 'As everybody sees it.' })
  message!: GlobalMessage;
}

@InputType({ description: 'Which message to take away.' })
export class DeleteMessageInput {
  @Field(() => ID, { description: 'Of the message.' })
  id!: string;
}

@ObjectType({ description: 'What came of `deleteMessage`.' })
export class DeleteMessagePayload {
  @Field(() => ID, { description: 'Of the message that is gone.' })
  id!: string;
}

@InputType({ description: 'What to change; what is left out stays, and null takes a ceiling or a retention away.' })
export class UpdateRegistrySettingsInput {
  @Field(() => [Int], { nullable: true, description: '1 to 10 numbers of seconds, up to 365 days.' })
  timeMachineChoices?: number[] | undefined;

  @Field(() => Int, { nullable: true, description: 'One of the choices.' })
  timeMachineSeconds?: number | undefined;

  @Field(() => Int, { nullable: true, description: '1 to 3650 days, or null.' })
  applicationTokenDays?: number | null | undefined;

  @Field(() => Int, { nullable: true, description: '1 to 3650 days, or null.' })
  robotTokenDays?: number | null | undefined;

  @Field(() => Int, { nullable: true, description: '1 to 3650 days, or null.' })
  apiTokenDays?: number | null | undefined;

  @Field(() => OrganizationCreation, { nullable: true, description: 'Who may create organizations.' })
  organizationCreation?: OrganizationCreation | undefined;

  @Field(() => Int, { nullable: true, description: '1 to 3650 days, or null for ever.' })
  logRetentionDays?: number | null | undefined;
}

@ObjectType({ description: 'What came of `updateRegistrySettings`.' })
export class UpdateRegistrySettingsPayload {
  @Field(() => RegistrySettings, { description: 'As they are now.' })
  settings!: RegistrySettings;
}
