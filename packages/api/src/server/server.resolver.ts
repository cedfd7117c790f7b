import { Ctx, Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import { registrySettings } from '@escale/domain/administration';
import { Access } from '../graphql/access-rule.ts';
import type { ApiContext } from '../graphql/context.ts';

@ObjectType({ description: 'What anybody may know of this registry.' })
export class Server {
  @Field(() => String, { description: 'What clients write before a repository name: `localhost:8080`.' })
  registryHost!: string;

  @Field(() => String, { description: 'Where browsers find it, without a trailing slash.' })
  externalUrl!: string;

  @Field(() => String, { description: 'Of the running product.' })
  version!: string;

  @Field(() => String, { description: 'How the identity provider is called.' })
  signInProvider!: string;

  @Field(() => Boolean, { description: 'Whether tokens can be shown again.' })
  revealTokens!: boolean;

  @Field(() => [Int], {
    description: 'Seconds, ascending: for how long an organization may choose to keep ended tags restorable.',
  })
  timeMachineChoices!: readonly number[];
}

@Resolver()
export class ServerResolver {
  @Access('anyone', 'nothing', { beforeConfirming: true })
  @Query(() => Server, { description: 'What this registry is.' })
  async server(@Ctx() ctx: ApiContext): Promise<Server> {
    const { config } = ctx.services;
    const { timeMachineChoices } = await registrySettings(ctx);
    return {
      registryHost: new URL(config.externalUrl).host,
      externalUrl: config.externalUrl,
      version: config.version,
      signInProvider: config.oidc.name,
      revealTokens: config.revealTokens,
      timeMachineChoices,
    };
  }
}
