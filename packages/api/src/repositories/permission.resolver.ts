import { Ctx, FieldResolver, Resolver, Root } from 'type-graphql';
import type { Permission, Repository as RepositoryEntity } from '@escale/schema/entities';
import { granteeOf } from '@escale/domain/default-permissions';
import type { ApiContext } from '../graphql/context.ts';
import { Grantee, RepositoryPermission } from './permission.type.ts';
import { Repository } from './repository.type.ts';

@Resolver(() => RepositoryPermission)
export class RepositoryPermissionResolver {
  @FieldResolver(() => Grantee, { description: 'Who has it.' })
  grantee(@Root() permission: Permission): object {
    return granteeOf(permission);
  }

  /** A permission just given knows its repository by id alone. */
  @FieldResolver(() => Repository, { description: 'Where.' })
  repository(@Root() { repository }: Permission, @Ctx() ctx: ApiContext): Promise<RepositoryEntity> {
    return ctx.loaders.repository(repository.id);
  }
}
