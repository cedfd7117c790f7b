import {
  Arg,
  Args,
  Ctx,
  Field,
  FieldResolver,
  InputType,
  Mutation,
  ObjectType,
  Query,
  Resolver,
  Root,
} from 'type-graphql';
import { User as UserEntity } from '@escale/schema/entities';
import { isAdministrator } from '@escale/domain/access';
import { listApplicationTokens } from '@escale/domain/application-tokens';
import { notFound } from '@escale/domain/errors';
import { findUser, listOrganizations } from '@escale/domain/namespaces';
import { confirmUsername } from '@escale/domain/users';
import { ApplicationTokenConnection, type ApplicationToken } from '../application-tokens/application-token.resolver.ts';
import { Access } from '../graphql/access-rule.ts';
import { PageArgs, toConnection, type Connection } from '../graphql/connection.ts';
import type { ApiContext } from '../graphql/context.ts';
import { Organization } from '../organizations/organization.type.ts';
import { User } from './user.type.ts';

@InputType({ description: 'Input of `confirmUsername`.' })
class ConfirmUsernameInput {
  @Field(() => String, { description: 'The derived name, or another free one.' })
  username!: string;
}

@ObjectType({ description: 'Payload of `confirmUsername`.' })
class ConfirmUsernamePayload {
  @Field(() => User, { description: 'The viewer.' })
  viewer!: User;
}

@Resolver(() => User)
export class UserResolver {
  @Access('anyone', 'own', { beforeConfirming: true })
  @Query(() => User, { nullable: true, description: 'Who is signed in; null when nobody is.' })
  async viewer(@Ctx() ctx: ApiContext): Promise<UserEntity | null> {
    return ctx.principal.kind === 'user' ? ctx.em.findOne(UserEntity, { id: ctx.principal.id }) : null;
  }

  @Access('anyone', 'nothing')
  @Query(() => User, { nullable: true, description: 'A user by name; its parts need rights. Null when there is none.' })
  async user(
    @Arg('username', () => String, { description: 'The user name.' }) username: string,
    @Ctx() ctx: ApiContext,
  ): Promise<UserEntity | null> {
    return (await findUser(ctx, username)) ?? null;
  }

  @Access('person', 'own', { beforeConfirming: true })
  @Mutation(() => ConfirmUsernamePayload, { description: 'Accepts or changes the name of the first sign-in, once.' })
  async confirmUsername(
    @Arg('input', () => ConfirmUsernameInput) input: ConfirmUsernameInput,
    @Ctx() ctx: ApiContext,
  ): Promise<{ viewer: UserEntity }> {
    return { viewer: await confirmUsername(ctx, input) };
  }

  @FieldResolver(() => String, { description: 'The user name.' })
  name(@Root() user: UserEntity): string {
    return user.username;
  }

  @FieldResolver()
  isAdministrator(@Root() user: UserEntity, @Ctx() ctx: ApiContext): boolean | null {
    return mayKnow(user, ctx) ? user.isAdministrator : null;
  }

  @FieldResolver()
  usernameConfirmed(@Root() user: UserEntity, @Ctx() ctx: ApiContext): boolean | null {
    return mayKnow(user, ctx) ? user.usernameConfirmed : null;
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
}

/** Whether the caller may learn what only the user and administrators of the registry know. */
function mayKnow(user: UserEntity, ctx: ApiContext): boolean {
  return isViewer(user, ctx) || isAdministrator(ctx.principal);
}

function isViewer(user: UserEntity, { principal }: ApiContext): boolean {
  return principal.kind === 'user' && principal.id === user.id;
}
