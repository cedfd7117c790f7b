import { Arg, Args, Ctx, FieldResolver, Mutation, Resolver, Root } from 'type-graphql';
import type { Robot as RobotEntity } from '@escale/schema/entities';
import {
  createRobot,
  createRobotToken,
  deleteRobot,
  listRobotPermissions,
  revealRobotToken,
  revokeRobotToken,
  rotateRobotToken,
  updateRobot,
  type ShownRobotToken,
} from '@escale/domain/robots';
import { credentialsOf } from '../credentials/credentials.type.ts';
import { Access } from '../graphql/access-rule.ts';
import { PageArgs, toConnection } from '../graphql/connection.ts';
import type { ApiContext } from '../graphql/context.ts';
import { DateTime } from '../graphql/scalars.ts';
import { RepositoryPermissionConnection } from '../repositories/permission.type.ts';
import { Team } from '../teams/team.type.ts';
import {
  CreateRobotInput,
  CreateRobotPayload,
  CreateRobotTokenInput,
  CreateRobotTokenPayload,
  DeleteRobotInput,
  DeleteRobotPayload,
  RevealRobotTokenInput,
  RevealRobotTokenPayload,
  RevokeRobotTokenInput,
  RevokeRobotTokenPayload,
  RotateRobotTokenInput,
  RotateRobotTokenPayload,
  UpdateRobotInput,
  UpdateRobotPayload,
} from './robot.inputs.ts';
import { Robot, RobotToken } from './robot.type.ts';

@Resolver(() => Robot)
export class RobotResolver {
  @Access('signed in', 'namespace admin', { scope: 'robots:admin' })
  @Mutation(() => CreateRobotPayload, { description: 'Adds a robot with a first token to a namespace.' })
  async createRobot(
    @Arg('input', () => CreateRobotInput) input: CreateRobotInput,
    @Ctx() ctx: ApiContext,
  ): Promise<CreateRobotPayload> {
    return shown(ctx, await createRobot(ctx, input, revealable(ctx)));
  }

  @Access('signed in', 'namespace admin', { scope: 'robots:admin' })
  @Mutation(() => UpdateRobotPayload, { description: "Changes a robot's description." })
  async updateRobot(
    @Arg('input', () => UpdateRobotInput) input: UpdateRobotInput,
    @Ctx() ctx: ApiContext,
  ): Promise<UpdateRobotPayload> {
    return { robot: await updateRobot(ctx, input) };
  }

  @Access('signed in', 'namespace admin', { scope: 'robots:admin' })
  @Mutation(() => DeleteRobotPayload, {
    description: 'Ends a robot at once, with its tokens, its permissions and its memberships.',
  })
  deleteRobot(
    @Arg('input', () => DeleteRobotInput) input: DeleteRobotInput,
    @Ctx() ctx: ApiContext,
  ): Promise<DeleteRobotPayload> {
    return deleteRobot(ctx, input);
  }

  @Access('signed in', 'namespace admin', { scope: 'robots:admin' })
  @Mutation(() => RevealRobotTokenPayload, { description: 'Shows a token again; the usage log says so.' })
  async revealRobotToken(
    @Arg('input', () => RevealRobotTokenInput) input: RevealRobotTokenInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RevealRobotTokenPayload> {
    return shown(ctx, await revealRobotToken(ctx, input));
  }

  @Access('signed in', 'namespace admin', { scope: 'robots:admin' })
  @Mutation(() => CreateRobotTokenPayload, {
    description: 'Gives a robot one more token; the others stay. Five may be alive at once.',
  })
  async createRobotToken(
    @Arg('input', () => CreateRobotTokenInput) input: CreateRobotTokenInput,
    @Ctx() ctx: ApiContext,
  ): Promise<CreateRobotTokenPayload> {
    return shown(ctx, await createRobotToken(ctx, input, revealable(ctx)));
  }

  @Access('signed in', 'namespace admin', { scope: 'robots:admin' })
  @Mutation(() => RotateRobotTokenPayload, {
    description:
      'Replaces the tokens of a robot, or one of them, by a new one; with an overlap the replaced ones go on for a while.',
  })
  async rotateRobotToken(
    @Arg('input', () => RotateRobotTokenInput) input: RotateRobotTokenInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RotateRobotTokenPayload> {
    return shown(ctx, await rotateRobotToken(ctx, input, revealable(ctx)));
  }

  @Access('signed in', 'namespace admin', { scope: 'robots:admin' })
  @Mutation(() => RevokeRobotTokenPayload, {
    description: 'Ends one token at once, registry tokens that were issued for it included.',
  })
  revokeRobotToken(
    @Arg('input', () => RevokeRobotTokenInput) input: RevokeRobotTokenInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RevokeRobotTokenPayload> {
    return revokeRobotToken(ctx, input);
  }

  @FieldResolver(() => DateTime, { nullable: true, description: 'Of any of its tokens, to the minute.' })
  async lastUsedAt(@Root() robot: RobotEntity, @Ctx() ctx: ApiContext): Promise<Date | null> {
    return (await ctx.loaders.robotLastUse(robot)) ?? null;
  }

  @FieldResolver(() => [RobotToken], { description: 'The newest first; for admins of the namespace.' })
  async tokens(@Root() robot: RobotEntity, @Ctx() ctx: ApiContext): Promise<readonly RobotToken[]> {
    return (await ctx.loaders.robotTokens(robot)) ?? [];
  }

  @FieldResolver(() => [Team], { description: 'By name; for admins of the namespace.' })
  async teams(@Root() robot: RobotEntity, @Ctx() ctx: ApiContext): Promise<readonly Team[]> {
    return (await ctx.loaders.robotTeams(robot)) ?? [];
  }

  @FieldResolver(() => RepositoryPermissionConnection, {
    description: 'Its own permissions, by the name of the repository; for admins of the namespace.',
  })
  async repositories(@Root() robot: RobotEntity, @Args(() => PageArgs) page: PageArgs, @Ctx() ctx: ApiContext) {
    return toConnection(await listRobotPermissions(ctx, robot, page));
  }
}

function revealable({ services }: ApiContext): { revealable: boolean } {
  return { revealable: services.config.revealTokens };
}

function shown(ctx: ApiContext, { robot, plain }: ShownRobotToken) {
  return { robot, credentials: credentialsOf(ctx, { username: robot.login, password: plain, title: robot.login }) };
}
