import { ArgsType, Field, ID, Int, ObjectType } from 'type-graphql';
import { connectionOf, PageArgs } from '../graphql/connection.ts';
import { MessageSeverity, OrganizationCreation } from '../graphql/enums.ts';
import { DateTime } from '../graphql/scalars.ts';
import { User } from '../users/user.type.ts';

export const UserConnection = connectionOf('User', () => User);

@ArgsType()
export class UsersArgs extends PageArgs {
  @Field(() => String, { nullable: true, description: 'Part of the name or the mail address.' })
  search?: string | undefined;

  @Field(() => Boolean, { nullable: true, description: 'Only those that are, or are not.' })
  disabled?: boolean | undefined;
}

@ObjectType({ description: 'What the administrators tell everybody. Plain text.' })
export class GlobalMessage {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => MessageSeverity, { description: 'How it is shown.' })
  severity!: MessageSeverity;

  @Field(() => String, { description: 'Plain text, 1 to 1000 characters.' })
  text!: string;

  @Field(() => DateTime, { nullable: true, description: 'Not shown any more after it; null: until it is deleted.' })
  expiresAt?: Date | null | undefined;

  @Field(() => DateTime, { description: 'When it was written.' })
  createdAt!: Date;
}

@ObjectType({ description: 'What administrators decide for the whole registry.' })
export class RegistrySettings {
  @Field(() => [Int], {
    description: 'Seconds for which a namespace may keep what was deleted or overwritten; ascending.',
  })
  timeMachineChoices!: number[];

  @Field(() => Int, { description: 'The choice of new namespaces.' })
  timeMachineSeconds!: number;

  @Field(() => Int, { nullable: true, description: 'Days that an application token lives at most; null: no ceiling.' })
  applicationTokenDays?: number | null | undefined;

  @Field(() => Int, { nullable: true, description: 'Days that a robot’s token lives at most; null: no ceiling.' })
  robotTokenDays?: number | null | undefined;

  @Field(() => Int, { nullable: true, description: 'Days that an API token lives at most; null: no ceiling.' })
  apiTokenDays?: number | null | undefined;

  @Field(() => OrganizationCreation, { description: 'Who may create organizations.' })
  organizationCreation!: OrganizationCreation;

  @Field(() => Int, { nullable: true, description: 'Days that usage logs are kept for; null: for ever.' })
  logRetentionDays?: number | null | undefined;
}
