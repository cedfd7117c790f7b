import { Arg, Args, Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Organization, User } from '@escale/schema/entities';
import { requireNamespaceRole } from '@escale/domain/access';
import { storedByNamespace } from '@escale/domain/content';
import { listDeletedRepositories, listRepositories } from '@escale/domain/repositories';
import { findRobotOf, listRobots } from '@escale/domain/robots';
import { PageArgs, toConnection } from '../graphql/connection.ts';
import type { ApiContext } from '../graphql/context.ts';
import { ByteCount } from '../graphql/scalars.ts';
import { DeletedRepositoryConnection, toDeleted } from '../repositories/deleted-repository.type.ts';
import { RepositoryConnection } from '../repositories/repository.type.ts';
import { Robot, RobotConnection } from '../robots/robot.type.ts';
import { Namespace } from './namespace.type.ts';

/** What users and organizations have alike. */
@Resolver(() => Namespace)
export class NamespaceResolver {
  @FieldResolver(() => RepositoryConnection, { description: 'Those that the viewer may see, by name.' })
  async repositories(
    @Root() { namespace }: User | Organization,
    @Args(() => PageArgs) page: PageArgs,
    @Arg('search', () => String, { nullable: true, description: 'Part of the name.' }) search: string | null,
    @Ctx() ctx: ApiContext,
  ) {
    return toConnection(await listRepositories(ctx, { namespace: namespace.name, search, page }));
  }

  @FieldResolver(() => RobotConnection, { description: 'By name; for members.' })
  async robots(
    @Root() { namespace }: User | Organization,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: ApiContext,
  ) {
    return toConnection(await listRobots(ctx, namespace.name, page));
  }

  @FieldResolver(() => Robot, { nullable: true, description: 'For members; null when there is none of this name.' })
  async robot(
    @Root() { namespace }: User | Organization,
    @Arg('name', () => String, { description: 'Its short name.' }) name: string,
    @Ctx() ctx: ApiContext,
  ): Promise<Robot | null> {
    return (await findRobotOf(ctx, namespace.name, name)) ?? null;
  }

  @FieldResolver(() => ByteCount, {
    description: 'Of each distinct blob and each manifest in the repositories here, once; for members.',
  })
  async storedBytes(@Root() { namespace }: User | Organization, @Ctx() ctx: ApiContext): Promise<number> {
    await requireNamespaceRole(ctx, namespace.name, 'member');
    return storedByNamespace(ctx, namespace.id);
  }

  @FieldResolver(() => DeletedRepositoryConnection, {
    description: 'Repositories that can still be restored, the latest deleted first; for admins.',
  })
  async deletedRepositories(
    @Root() { namespace }: User | Organization,
    @Args(() => PageArgs) page: PageArgs,
    @Ctx() ctx: ApiContext,
  ) {
    const found = await listDeletedRepositories(ctx, namespace.name, page);
    return toConnection({ ...found, items: found.items.map(toDeleted) });
  }
}
