import { AccessReason } from './access-reason.type.ts';
import { Access } from '../graphql/access-rule.ts';
import { Arg, Ctx, Field, ObjectType, Query, Resolver } from 'type-graphql';
import { explainAccess, type AccessExplanation as Explanation } from '@escale/domain/access';
import type { ApiContext } from '../graphql/context.ts';
import { RepositoryAction, RepositoryRole } from '../graphql/enums.ts';
import { GranteeInput } from '../repositories/permission.type.ts';

@ObjectType({ description: 'Why somebody may, or may not, do something on a repository: by the rule that decides it.' })
class AccessExplanation {
  @Field(() => Boolean, { description: 'Whether it would be allowed now.' })
  allowed!: boolean;

  @Field(() => RepositoryRole, { nullable: true, description: 'The highest of the reasons.' })
  role?: RepositoryRole | undefined;

  @Field(() => [AccessReason], { description: 'Every reason, not only the one that decides.' })
  because!: readonly AccessReason[];

  @Field(() => String, { nullable: true, description: 'What is missing; null when it is allowed.' })
  missing?: string | undefined;

  @Field(() => [String], {
    description: 'User names of at most five people who can grant it; empty for callers who are not signed in.',
  })
  grantableBy!: string[];
}

@Resolver()
export class ExplainAccessResolver {
  @Access('anyone', 'visible')
  @Query(() => AccessExplanation, {
    description: 'For oneself: all who see the repository. For others: its admins.',
  })
  explainAccess(
    @Arg('repository', () => String, { description: '`namespace/path`.' }) repository: string,
    @Arg('action', () => RepositoryAction, { description: 'What would be done.' }) action: RepositoryAction,
    @Arg('grantee', () => GranteeInput, { nullable: true, description: 'Left out: the viewer.' })
    grantee: GranteeInput | undefined,
    @Ctx() ctx: ApiContext,
  ): Promise<Explanation> {
    return explainAccess(ctx, { repository, action, grantee });
  }
}
