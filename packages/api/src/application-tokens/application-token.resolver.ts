import { Arg, Ctx, Field, ID, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import {
  createApplicationToken,
  revealApplicationToken,
  revokeApplicationToken,
  type ShownApplicationToken,
} from '@escale/domain/application-tokens';
import { Credentials, credentialsOf } from '../credentials/credentials.type.ts';
import { connectionOf } from '../graphql/connection.ts';
import type { ApiContext } from '../graphql/context.ts';
import { DateTime } from '../graphql/scalars.ts';

@ObjectType({ description: "A user's long-lived secret for `docker login`, with the user name `$app`." })
export class ApplicationToken {
  @Field(() => ID)
  id!: string;

  @Field(() => String)
  title!: string;

  @Field(() => DateTime)
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true })
  expiresAt?: Date | null | undefined;

  @Field(() => DateTime, { nullable: true, description: 'To the minute.' })
  lastUsedAt?: Date | null | undefined;

  @Field(() => Boolean, { description: 'Whether `revealApplicationToken` can show it again.' })
  revealable!: boolean;
}

export const ApplicationTokenConnection = connectionOf('ApplicationToken', () => ApplicationToken);

@InputType()
class CreateApplicationTokenInput {
  @Field(() => String)
  title!: string;

  @Field(() => DateTime, { nullable: true })
  expiresAt?: Date | null | undefined;
}

@InputType()
class RevealApplicationTokenInput {
  @Field(() => ID)
  id!: string;
}

@InputType()
class RevokeApplicationTokenInput {
  @Field(() => ID)
  id!: string;
}

@ObjectType()
class CreateApplicationTokenPayload {
  @Field(() => ApplicationToken)
  applicationToken!: ApplicationToken;

  @Field(() => Credentials)
  credentials!: Credentials;
}

@ObjectType()
class RevealApplicationTokenPayload {
  @Field(() => ApplicationToken)
  applicationToken!: ApplicationToken;

  @Field(() => Credentials)
  credentials!: Credentials;
}

@ObjectType()
class RevokeApplicationTokenPayload {
  @Field(() => ID)
  id!: string;
}

@Resolver()
export class ApplicationTokenResolver {
  @Mutation(() => CreateApplicationTokenPayload)
  async createApplicationToken(
    @Arg('input', () => CreateApplicationTokenInput) input: CreateApplicationTokenInput,
    @Ctx() ctx: ApiContext,
  ): Promise<CreateApplicationTokenPayload> {
    const { revealTokens: revealable } = ctx.services.config;
    return shown(ctx, await createApplicationToken(ctx, input, { revealable }));
  }

  @Mutation(() => RevealApplicationTokenPayload, { description: 'Shows a token again; the usage log says so.' })
  async revealApplicationToken(
    @Arg('input', () => RevealApplicationTokenInput) input: RevealApplicationTokenInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RevealApplicationTokenPayload> {
    return shown(ctx, await revealApplicationToken(ctx, input));
  }

  @Mutation(() => RevokeApplicationTokenPayload, { description: 'Ends a token at once.' })
  revokeApplicationToken(
    @Arg('input', () => RevokeApplicationTokenInput) input: RevokeApplicationTokenInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RevokeApplicationTokenPayload> {
    return revokeApplicationToken(ctx, input);
  }
}

function shown(ctx: ApiContext, { applicationToken, plain }: ShownApplicationToken) {
  const { title } = applicationToken;
  return { applicationToken, credentials: credentialsOf(ctx, { username: '$app', password: plain, title }) };
}
