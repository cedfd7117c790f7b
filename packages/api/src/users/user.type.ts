import { Field, ID, ObjectType } from 'type-graphql';
import { Namespace } from '../namespaces/namespace.type.ts';

@ObjectType({ implements: Namespace, description: 'A person known from the identity provider.' })
export class User extends Namespace {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => String, { description: 'The name, which is also that of the personal namespace.' })
  username!: string;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'Whether the user administers the registry, by a group of the identity provider. For the user and for administrators; null for other callers.',
  })
  isAdministrator?: boolean | null | undefined;

  @Field(() => Boolean, {
    nullable: true,
    description:
      'False until the name of the first sign-in was accepted or changed. For the user and for administrators; null for other callers.',
  })
  usernameConfirmed?: boolean | null | undefined;
}
