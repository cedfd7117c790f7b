import { Arg, Ctx, Field, ID, InputType, Mutation, ObjectType, Resolver } from 'type-graphql';
import {
  createApplicationToken,
  revealApplicationToken,
  revokeApplicationToken,
  type ShownApplicationToken,
} from '@escale/domain/application-tokens';
import { Credentials, credentialsOf } from '../credentials/credentials.type.ts';
import { connectionOf } from '../graphql/connection.ts';
import { Access } from '../graphql/access-rule.ts';
import type { ApiContext } from '../graphql/context.ts';
import { DateTime } from '../graphql/scalars.ts';

@ObjectType({ description: "A user's long-lived secret for `docker login`, with the user name `$app`." })
export class ApplicationToken {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;

  @Field(() => String, { description: 'What the owner calls it.' })
  title!: string;

  @Field(() => DateTime, { description: 'When it was made.' })
  createdAt!: Date;

  @Field(() => DateTime, { nullable: true, description: 'From then on it is refused; null for never.' })
  expiresAt?: Date | null | undefined;

  @Field(() => DateTime, { nullable: true, description: 'To the minute.' })
  lastUsedAt?: Date | null | undefined;

  @Field(() => String, { nullable: true, description: 'The address from which it was last used.' })
  lastUsedFrom?: string | null | undefined;

  @Field(() => Boolean, { description: 'Whether `revealApplicationToken` can show it again.' })
  revealable!: boolean;
}

export const ApplicationTokenConnection = connectionOf('ApplicationToken', () => ApplicationToken);

@InputType({ description: 'Input of `createApplicationToken`.' })
class CreateApplicationTokenInput {
  @Field(() => String, { description: 'What the owner calls it.' })
  title!: string;

  @Field(() => DateTime, { nullable: true, description: 'From then on it is refused; null for never.' })
  expiresAt?: Date | null | undefined;
}

@InputType({ description: 'Input of `revealApplicationToken`.' })
class RevealApplicationTokenInput {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;
}

@InputType({ description: 'Input of `revokeApplicationToken`.' })
class RevokeApplicationTokenInput {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;
}

@ObjectType({ description: 'Payload of `createApplicationToken`.' })
class CreateApplicationTokenPayload {
  @Field(() => ApplicationToken, { description: 'The token, without its secret.' })
  applicationToken!: ApplicationToken;

  @Field(() => Credentials, { description: 'The secret, ready to paste.' })
  credentials!: Credentials;
}

@ObjectType({ description: 'Payload of `revealApplicationToken`.' })
class RevealApplicationTokenPayload {
  @Field(() => ApplicationToken, { description: 'The token, without its secret.' })
  applicationToken!: ApplicationToken;

  @Field(() => Credentials, { description: 'The secret, ready to paste.' })
  credentials!: Credentials;
}

@ObjectType({ description: 'Payload of `revokeApplicationToken`.' })
class RevokeApplicationTokenPayload {
  @Field(() => ID, { description: 'Opaque.' })
  id!: string;
}

@Resolver()
export class ApplicationTokenResolver {
  @Access('person', 'own')
  @Mutation(() => CreateApplicationTokenPayload, {
    description: 'Makes a token for `docker login` that acts as the viewer.',
  })
  async createApplicationToken(
    @Arg('input', () => CreateApplicationTokenInput) input: CreateApplicationTokenInput,
    @Ctx() ctx: ApiContext,
  ): Promise<CreateApplicationTokenPayload> {
    const { revealTokens: revealable } = ctx.services.config;
    return shown(ctx, await createApplicationToken(ctx, input, { revealable }));
  }

  @Access('person', 'own')
  @Mutation(() => RevealApplicationTokenPayload, { description: 'Shows a token again; the usage log says so.' })
  async revealApplicationToken(
    @Arg('input', () => RevealApplicationTokenInput) input: RevealApplicationTokenInput,
    @Ctx() ctx: ApiContext,
  ): Promise<RevealApplicationTokenPayload> {
    return shown(ctx, await revealApplicationToken(ctx, input));
  }

  @Access('person', 'own')
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
