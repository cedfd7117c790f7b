import { Field, ID, ObjectType } from 'type-graphql';
import { connectionOf } from '../graphql/connection.ts';
import { DateTime } from '../graphql/scalars.ts';

@ObjectType({
  description: 'One secret of a robot; several may be alive at once, so that changing over needs no pause.',
})
export class RobotToken {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'From then on it is refused; null for never.' })
  expiresAt?: Date | null | undefined;

  @Field(() => DateTime, { nullable: true, description: 'To the minute.' })
  lastUsedAt?: Date | null | undefined;

  @Field(() => String, { nullable: true, description: 'The network address of its last use.' })
  lastUsedFrom?: string | null | undefined;

  @Field(() => Boolean, { description: 'Whether `revealRobotToken` can show it again.' })
  revealable!: boolean;
}

@ObjectType({ description: 'A machine principal of a namespace.' })
export class Robot {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => String, { description: 'The short name, without the namespace.' })
  name!: string;

  @Field(() => String, { description: 'What machines sign in with: `namespace+name`.' })
  login!: string;

  @Field(() => String, { nullable: true, description: 'What it is for.' })
  description?: string | null | undefined;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date;
}

export const RobotConnection = connectionOf('Robot', () => Robot);
