import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { Credentials } from '../credentials/credentials.type.ts';
import { DateTime } from '../graphql/scalars.ts';
import { Robot } from './robot.type.ts';

@InputType({ description: 'Input of `createRobot`.' })
export class CreateRobotInput {
  @Field(() => String, { description: 'An organization, or the own user name.' })
  namespace!: string;

  @Field(() => String, { description: 'The short name.' })
  name!: string;

  @Field(() => String, { nullable: true, description: 'What it is for; at most 255 characters.' })
  description?: string | null | undefined;

  @Field(() => DateTime, { nullable: true, description: 'When its first token ends; never when left out.' })
  expiresAt?: Date | null | undefined;
}

@ObjectType({ description: 'Payload of `createRobot`.' })
export class CreateRobotPayload {
  @Field(() => Robot, { description: 'The new robot.' })
  robot!: Robot;

  @Field(() => Credentials, { description: 'Its first token, ready to paste.' })
  credentials!: Credentials;
}

@InputType({ description: 'Input of `updateRobot`: what is left out stays.' })
export class UpdateRobotInput {
  @Field(() => String, { description: '`namespace+name`.' })
  robot!: string;

  @Field(() => String, { nullable: true, description: 'What it is for; null empties it.' })
  description?: string | null | undefined;
}

@ObjectType({ description: 'Payload of `updateRobot`.' })
export class UpdateRobotPayload {
  @Field(() => Robot, { description: 'As it is now.' })
  robot!: Robot;
}

@InputType({ description: 'Input of `deleteRobot`.' })
export class DeleteRobotInput {
  @Field(() => String, { description: '`namespace+name`.' })
  robot!: string;
}

@ObjectType({ description: 'Payload of `deleteRobot`.' })
export class DeleteRobotPayload {
  @Field(() => String, { description: 'The robot that is gone: `namespace+name`.' })
  login!: string;
}

@InputType({ description: 'Input of `revealRobotToken`.' })
export class RevealRobotTokenInput {
  @Field(() => String, { description: '`namespace+name`.' })
  robot!: string;

  @Field(() => ID, { nullable: true, description: 'Which of its tokens; the newest when left out.' })
  token?: string | null | undefined;
}

@ObjectType({ description: 'Payload of `revealRobotToken`.' })
export class RevealRobotTokenPayload {
  @Field(() => Robot, { description: 'The robot.' })
  robot!: Robot;

  @Field(() => Credentials, { description: 'The token, ready to paste.' })
  credentials!: Credentials;
}

@InputType({ description: 'Input of `createRobotToken`.' })
export class CreateRobotTokenInput {
  @Field(() => String, { description: '`namespace+name`.' })
  robot!: string;

  @Field(() => DateTime, { nullable: true, description: 'When it ends; never when left out.' })
  expiresAt?: Date | null | undefined;
}

@ObjectType({ description: 'Payload of `createRobotToken`.' })
export class CreateRobotTokenPayload {
  @Field(() => Robot, { description: 'The robot.' })
  robot!: Robot;

  @Field(() => Credentials, { description: 'The new token, ready to paste.' })
  credentials!: Credentials;
}

@InputType({ description: 'Input of `rotateRobotToken`.' })
export class RotateRobotTokenInput {
  @Field(() => String, { description: '`namespace+name`.' })
  robot!: string;

  @Field(() => ID, { nullable: true, description: 'Which token to replace; every live one when left out.' })
  token?: string | null | undefined;

  @Field(() => Int, {
    nullable: true,
    defaultValue: 0,
    description: 'For how long the replaced token goes on, at most 30 days. 0: it ends at once.',
  })
  overlapSeconds?: number | null | undefined;

  @Field(() => DateTime, { nullable: true, description: 'When the new token ends; never when left out.' })
  expiresAt?: Date | null | undefined;
}

@ObjectType({ description: 'Payload of `rotateRobotToken`.' })
export class RotateRobotTokenPayload {
  @Field(() => Robot, { description: 'The robot.' })
  robot!: Robot;

  @Field(() => Credentials, { description: 'The new token, ready to paste.' })
  credentials!: Credentials;
}

@InputType({ description: 'Input of `revokeRobotToken`.' })
export class RevokeRobotTokenInput {
  @Field(() => String, { description: '`namespace+name`.' })
  robot!: string;

  @Field(() => ID, { description: 'Which of its tokens.' })
  token!: string;
}

@ObjectType({ description: 'Payload of `revokeRobotToken`.' })
export class RevokeRobotTokenPayload {
  @Field(() => Robot, { description: 'The robot.' })
  robot!: Robot;

  @Field(() => ID, { description: 'The token that is gone.' })
  token!: string;
}
