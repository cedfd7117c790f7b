import { Arg, Ctx, Field, FieldResolver, ID, InputType, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import type { Robot as RobotEntity } from '@escale/schema/entities';
import { createRobot, lastUse, revealRobotToken, robotTokens, type ShownRobotToken } from '@escale/domain/robots';
import { Credentials, credentialsOf } from '../credentials/credentials.type.ts';
import { connectionOf } from '../graphql/connection.ts';
import type { ApiContext } from '../graphql/context.ts';
import { DateTime } from '../graphql/scalars.ts';

@ObjectType()
export class RobotToken {
  @Field(() => ID)
  id!: string;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  expiresAt?: Date | null | undefined;

  @Field(() => DateTime, { nullable: true, description: 'To the minute.' })
  lastUsedAt?: Date | null | undefined;

  @Field(() => Boolean)
  revealable!: boolean;
}

@ObjectType({ description: 'A machine principal of a namespace.' })
export class Robot {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { description: 'The short name, without the namespace.' })
  name!: string;

  @Field(() => String, { description: 'What machines sign in with: `namespace+name`.' })
  login!: string;

  @Field(() => String, { nullable: true })
  description?: string | null | undefined;

  @Field(() => DateTime)
  createdAt!: Date;
}

export const RobotConnection = connectionOf('Robot', () => Robot);

@InputType()
class CreateRobotInput {
  @Field(() => String)
  namespace!: string;

  @Field(() => String, { description: 'The short name.' })
  name!: string;

  @Field(() => String, { nullable: true })
  description?: string | null | undefined;

  @Field(() => DateTime, { nullable: true, description: 'When its first token ends.' })
  expiresAt?: Date | null | undefined;
}

@InputType()
class RevealRobotTokenInput {
  @Field(() => String, { description: '`namespace+name`.' })
  robot!: string;

  @Field(() => ID, { nullable: true, description: 'Which of its tokens; the newest when left out.' })
  token?: string | null | undefined;
}

@ObjectType()
class CreateRobotPayload {
  @Field(() => Robot)
  robot!: Robot;

  @Field(() => Credentials)
  credentials!: Credentials;
}

@ObjectType()
class RevealRobotTokenPayload {
  @Field(() => Robot)
  robot!: Robot;

  @Field(() => Credentials)
  credentials!: Credentials;
}

@Resolver(() => Robot)
export class RobotResolver {
  @FieldResolver(() => [RobotToken], { description: 'The newest first; for admins of the namespace.' })
  tokens(@Root() robot: RobotEntity, @Ctx() ctx: ApiContext): Promise<RobotToken[]> {
    return robotTokens(ctx, robot);
  }

  @FieldResolver(() => DateTime, { nullable: true, description: 'Of any of its tokens, to the minute.' })
  lastUsedAt(@Root() robot: RobotEntity, @Ctx() ctx: ApiContext): Promise<Date | null> {
    return lastUse(ctx, robot);
  }

  @Mutation(() => CreateRobotPayload)
  async createRobot(
    @Arg('input', () => CreateRobotInput) input: CreateRobotInput,
    @Ctx() ctx: ApiContext,
  ): Promise<CreateRobotPayload> {
    const { revealTokens: revealable } = ctx.services.config;
    return shown(ctx, await createRobot(ctx, input, { revealable }));
  }

  @Mutation(() => RevealRobotTokenPayload, { description: 'Shows a token again; the usage log says so.' })
  async revealRobotToken(
    @Arg('input', () => RevealRobotTokenInput) input: RevealRobotTokenInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RevealRobotTokenPayload> {
    return shown(ctx, await revealRobotToken(ctx, input));
  }
}

function shown(ctx: ApiContext, { robot, plain }: ShownRobotToken) {
  return { robot, credentials: credentialsOf(ctx, { username: robot.login, password: plain, title: robot.login }) };
}
