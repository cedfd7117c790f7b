import { Field, InputType, Int, ObjectType } from 'type-graphql';
import { DeletedOrganization, Organization } from './organization.type.ts';

@InputType({ description: 'Input of `createOrganization`.' })
export class CreateOrganizationInput {
  @Field(() => String, { description: 'Free among users and organizations alike; see `namespaceName`.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'Shown to admins of the organization.' })
  contactEmail?: string | null | undefined;

  @Field(() => String, { nullable: true, description: 'Markdown; at most 10,000 characters.' })
  description?: string | null | undefined;
}

@ObjectType({ description: 'Payload of `createOrganization`.' })
export class CreateOrganizationPayload {
  @Field(() => Organization, { description: 'The new organization.' })
  organization!: Organization;
}

@InputType({ description: 'Input of `updateOrganization`: what is left out stays, null empties.' })
export class UpdateOrganizationInput {
  @Field(() => String, { description: 'Which organization; names do not change.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'Shown to admins of the organization.' })
  contactEmail?: string | null | undefined;

  @Field(() => String, { nullable: true, description: 'Markdown; at most 10,000 characters.' })
  description?: string | null | undefined;

  @Field(() => Int, {
    nullable: true,
    description:
      'For how long ended tags can be restored; one of `server.timeMachineChoices`. Counts for what has ended already, too.',
  })
  timeMachineSeconds?: number | null | undefined;
}

@ObjectType({ description: 'Payload of `updateOrganization`.' })
export class UpdateOrganizationPayload {
  @Field(() => Organization, { description: 'As it is now.' })
  organization!: Organization;
}

@InputType({ description: 'Input of `deleteOrganization`.' })
export class DeleteOrganizationInput {
  @Field(() => String, { description: 'Which organization.' })
  name!: string;

  @Field(() => String, { description: 'The same name once more, so that it is meant.' })
  confirmName!: string;
}

@ObjectType({ description: 'Payload of `deleteOrganization`.' })
export class DeleteOrganizationPayload {
  @Field(() => DeletedOrganization, { description: 'What was deleted, and until when it can be restored.' })
  organization!: DeletedOrganization;
}

@InputType({ description: 'Input of `restoreOrganization`.' })
export class RestoreOrganizationInput {
  @Field(() => String, { description: 'The name of the deleted organization.' })
  name!: string;
}

@ObjectType({ description: 'Payload of `restoreOrganization`.' })
export class RestoreOrganizationPayload {
  @Field(() => Organization, { description: 'As it was before it was deleted.' })
  organization!: Organization;
}

@InputType({ description: 'Input of `removeOrganizationMember`.' })
export class RemoveOrganizationMemberInput {
  @Field(() => String, { description: 'Of which organization.' })
  organization!: string;

  @Field(() => String, { description: '`alice`, or a robot of the organization: `acme+ci`. Oneself: to leave.' })
  member!: string;
}

@ObjectType({ description: 'Payload of `removeOrganizationMember`.' })
export class RemoveOrganizationMemberPayload {
  @Field(() => String, { description: 'Of which organization.' })
  organization!: string;

  @Field(() => String, { description: 'Who is a member no longer.' })
  member!: string;
}
