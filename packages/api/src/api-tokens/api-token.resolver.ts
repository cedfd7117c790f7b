import { Access } from '../graphql/access-rule.ts';
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
  Resolver,
  Root,
} from 'type-graphql';
import type { User as UserEntity } from '@escale/schema/entities';
import { createApiToken, listApiTokens, revokeApiToken } from '@escale/domain/api-tokens';
import { notFound } from '@escale/domain/errors';
import { connectionOf, PageArgs, toConnection } from '../graphql/connection.ts';
import type { ApiContext } from '../graphql/context.ts';
import { ApiTokenScope } from '../graphql/enums.ts';
import { DateTime } from '../graphql/scalars.ts';
import { User } from '../users/user.type.ts';

@ObjectType({
  description: 'A user’s bearer secret for this API, with scopes. It acts as its owner, and is shown once.',
})
class ApiToken {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => String, { description: 'How its owner calls it.' })
  title!: string;

  @Field(() => [ApiTokenScope], { description: 'What it is for.' })
  scopes!: ApiTokenScope[];

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'Null: it does not expire.' })
  expiresAt?: Date | null | undefined;

  @Field(() => DateTime, { nullable: true, description: 'To the minute.' })
  lastUsedAt?: Date | null | undefined;

  @Field(() => String, { nullable: true, description: 'The address from which it was last used.' })
  lastUsedFrom?: string | null | undefined;
}

const ApiTokenConnection = connectionOf('ApiToken', () => ApiToken);

@InputType({ description: 'An API token to be made.' })
class CreateApiTokenInput {
  @Field(() => String, { description: '1 to 255 characters.' })
  title!: string;

  @Field(() => [ApiTokenScope], { description: 'At least one.' })
  scopes!: ApiTokenScope[];

  @Field(() => DateTime, { nullable: true, description: 'Null: never. Left out: in 90 days.' })
  expiresAt?: Date | null | undefined;
}

@ObjectType({ description: 'What came of `createApiToken`.' })
class CreateApiTokenPayload {
  @Field(() => ApiToken, { description: 'The token, without its secret.' })
  apiToken!: ApiToken;

  @Field(() => String, { description: 'For the header `Authorization: Bearer …`. It is shown here and never again.' })
  secret!: string;
}

@InputType({ description: 'An API token to be ended.' })
class RevokeApiTokenInput {
  @Field(() => ID, { description: 'One of the viewer’s own.' })
  id!: string;
}

@ObjectType({ description: 'What came of `revokeApiToken`.' })
class RevokeApiTokenPayload {
  @Field(() => ID, { description: 'Of the token that is gone.' })
  id!: string;
}

@Resolver()
export class ApiTokenResolver {
  @Access('person', 'own')
  @Mutation(() => CreateApiTokenPayload, {
    description: 'Makes a bearer for this API; an API token cannot make another.',
  })
  async createApiToken(@Arg('input', () => CreateApiTokenInput) input: CreateApiTokenInput, @Ctx() ctx: ApiContext) {
    const { apiToken, plain } = await createApiToken(ctx, input);
    ctx.http.set('Cache-Control', 'no-store');
    return { apiToken, secret: plain };
  }

  @Access('person', 'own')
  @Mutation(() => RevokeApiTokenPayload, { description: 'Ends a token at once.' })
  revokeApiToken(
    @Arg('input', () => RevokeApiTokenInput) input: RevokeApiTokenInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RevokeApiTokenPayload> {
    return revokeApiToken(ctx, input);
  }
}

@Resolver(() => User)
export class UserApiTokenResolver {
  @FieldResolver(() => ApiTokenConnection, { description: 'The viewer’s own, the newest first.' })
  async apiTokens(@Root() { id }: UserEntity, @Args(() => PageArgs) page: PageArgs, @Ctx() ctx: ApiContext) {
    if (ctx.principal.kind !== 'user' || ctx.principal.id !== id) throw notFound('these tokens');
    return toConnection(await listApiTokens(ctx, page));
  }
}
