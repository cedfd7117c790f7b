import { Access } from '../graphql/access-rule.ts';
import { Arg, Ctx, Field, FieldResolver, ID, InputType, Int, Mutation, ObjectType, Resolver, Root } from 'type-graphql';
import type { Session as SessionEntity, User as UserEntity } from '@escale/schema/entities';
import { notFound } from '@escale/domain/errors';
import { listSessions, revokeOtherSessions, revokeSession } from '@escale/domain/users';
import { isCurrentSession } from '../auth/session-cookie.ts';
import type { ApiContext } from '../graphql/context.ts';
import { DateTime } from '../graphql/scalars.ts';
import { User } from './user.type.ts';

@ObjectType({ description: 'A browser in which the viewer is signed in.' })
class Session {
  @Field(() => ID, { description: 'Opaque; nobody signs in with it.' })
  id!: string;

  @Field(() => DateTime, { description: 'When it began.' })
  createdAt!: Date;

  @Field(() => DateTime, { description: 'Of its last request, to the minute.' })
  lastSeenAt!: Date;

  @Field(() => DateTime, { description: 'It ends then in any case.' })
  expiresAt!: Date;

  @Field(() => String, { nullable: true, description: 'The address from which it began.' })
  clientAddress?: string | null | undefined;

  @Field(() => String, { nullable: true, description: 'What the browser called itself.' })
  userAgent?: string | null | undefined;
}

@InputType({ description: 'A session to be ended.' })
class RevokeSessionInput {
  @Field(() => ID, { description: 'One of the viewer’s own.' })
  id!: string;
}

@ObjectType({ description: 'What came of `revokeSession`.' })
class RevokeSessionPayload {
  @Field(() => ID, { description: 'Of the session that is gone.' })
  id!: string;
}

@InputType({ description: 'Which session stays.' })
class RevokeOtherSessionsInput {
  @Field(() => ID, { description: 'One of the viewer’s own.' })
  keep!: string;
}

@ObjectType({ description: 'What came of `revokeOtherSessions`.' })
class RevokeOtherSessionsPayload {
  @Field(() => Int, { description: 'How many sessions that ended.' })
  revoked!: number;
}

@Resolver(() => Session)
export class SessionResolver {
  @Access('person', 'own')
  @Mutation(() => RevokeSessionPayload, { description: 'Signs the viewer out in one browser, at once.' })
  revokeSession(
    @Arg('input', () => RevokeSessionInput) input: RevokeSessionInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RevokeSessionPayload> {
    return revokeSession(ctx, input);
  }

  @Access('person', 'own')
  @Mutation(() => RevokeOtherSessionsPayload, {
    description: 'Signs the viewer out at once in every browser but one.',
  })
  revokeOtherSessions(
    @Arg('input', () => RevokeOtherSessionsInput) input: RevokeOtherSessionsInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RevokeOtherSessionsPayload> {
    return revokeOtherSessions(ctx, input);
  }

  @FieldResolver(() => Boolean, { description: 'Whether it is the one that asks.' })
  current(@Root() { id }: SessionEntity, @Ctx() ctx: ApiContext): boolean {
    return isCurrentSession(ctx.services, ctx.http, id);
  }
}

@Resolver(() => User)
export class UserSessionResolver {
  @FieldResolver(() => [Session], { description: 'The viewer’s own, the latest used first.' })
  sessions(@Root() { id }: UserEntity, @Ctx() ctx: ApiContext): Promise<SessionEntity[]> {
    if (ctx.principal.kind !== 'user' || ctx.principal.id !== id) throw notFound('these sessions');
    return listSessions(ctx);
  }
}
