import {
  Arg,
  Args,
  Ctx,
  Field,
  FieldResolver,
  ID,
  InputType,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import { User as UserEntity } from '@escale/schema/entities';
import { listApplicationTokens } from '@escale/domain/application-tokens';
import { notFound } from '@escale/domain/errors';
import { findUser, listOrganizations } from '@escale/domain/namespaces';
import { listRepositories } from '@escale/domain/repositories';
import { listRobots } from '@escale/domain/robots';
import { confirmUsername } from '@escale/domain/users';
import { ApplicationTokenConnection, type ApplicationToken } from '../application-tokens/application-token.resolver.ts';
import { PageArgs, toConnection, type Connection } from '../graphql/connection.ts';
import type { ApiContext } from '../graphql/context.ts';
import { Namespace } from '../namespaces/namespace.type.ts';
import { Organization } from '../organizations/organization.resolver.ts';
import { RepositoryConnection } from '../repositories/repository.type.ts';
import { RobotConnection } from '../robots/robot.resolver.ts';

@ObjectType({ implements: Namespace, description: 'A person known from the identity provider.' })
export class User extends Namespace {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  username!: string;

  @Field(() => Boolean)
  isAdministrator!: boolean;

  @Field(() => Boolean, { description: 'False until the name of the first sign-in was accepted or changed.' })
  usernameConfirmed!: boolean;
}

@InputType()
class ConfirmUsernameInput {
  @Field(() => String)
  username!: string;
}

@ObjectType()
class ConfirmUsernamePayload {
  @Field(() => User)
  viewer!: User;
}

@Resolver(() => User)
export class UserResolver {
  @Query(() => User, { nullable: true, description: 'Who is signed in; null when nobody is.' })
  async viewer(@Ctx() ctx: ApiContext): Promise<UserEntity | null> {
    return ctx.principal.kind === 'user' ? ctx.em.findOne(UserEntity, { id: ctx.principal.id }) : null;
  }

  @Query(() => User, { nullable: true })
  async user(@Arg('username', () => String) username: string, @Ctx() ctx: ApiContext): Promise<UserEntity | null> {
    return (await findUser(ctx, username)) ?? null;
  }

  @Mutation(() => ConfirmUsernamePayload, { description: 'Accepts or changes the name of the first sign-in, once.' })
  async confirmUsername(
    @Arg('input', () => ConfirmUsernameInput) input: ConfirmUsernameInput,
    @Ctx() ctx: ApiContext,
  ): Promise<{ viewer: UserEntity }> {
    return { viewer: await confirmUsername(ctx, input) };
  }

  @FieldResolver(() => String)
  name(@Root() user: UserEntity): string {
    return user.username;
  }

  @FieldResolver(() => String, { nullable: true, description: "The viewer's own; null for others." })
  email(@Root() user: UserEntity, @Ctx() ctx: ApiContext): string | null {
    return isViewer(user, ctx) ? (user.email ?? null) : null;
  }

  @FieldResolver(() => [Organization], { description: 'The first hundred; see `organizations` for more.' })
  async organizations(@Root() user: UserEntity, @Ctx() ctx: ApiContext): Promise<readonly Organization[]> {
    if (!isViewer(user, ctx)) return [];
    return (await listOrganizations(ctx, { first: 100 })).items;
  }

  @FieldResolver(() => ApplicationTokenConnection, { description: "The viewer's own." })
  async applicationTokens(
    @Root() user: UserEntity,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: ApiContext,
  ): Promise<Connection<ApplicationToken>> {
    if (!isViewer(user, ctx)) throw notFound('these tokens');
    return toConnection(await listApplicationTokens(ctx, page));
  }

  @FieldResolver(() => RepositoryConnection)
  async repositories(
    @Root() user: UserEntity,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('search', () => String, { nullable: true }) search: string | null,
    @Ctx() ctx: ApiContext,
  ) {
    return toConnection(await listRepositories(ctx, { namespace: user.username, search, page }));
  }

  @FieldResolver(() => RobotConnection)
  async robots(@Root() user: UserEntity, @Args(() => PageArgs) page: PageArgs, @Ctx() ctx: ApiContext) {
    return toConnection(await listRobots(ctx, user.username, page));
  }
}

function isViewer(user: UserEntity, { principal }: ApiContext): boolean {
  return principal.kind === 'user' && principal.id === user.id;
}
