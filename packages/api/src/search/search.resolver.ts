import { Arg, createUnionType, Ctx, Field, Int, ObjectType, Query, Resolver } from 'type-graphql';
import {
  Organization as OrganizationEntity,
  Repository as RepositoryEntity,
  Robot as RobotEntity,
  Tag as TagEntity,
  Team as TeamEntity,
} from '@escale/schema/entities';
import { searchDirectory, searchGrantees } from '@escale/domain/grantees';
import { search } from '@escale/domain/search';
import { Access } from '../graphql/access-rule.ts';
import type { ApiContext } from '../graphql/context.ts';
import { GranteeKind } from '../graphql/enums.ts';
import { Organization } from '../organizations/organization.type.ts';
import { Grantee } from '../repositories/permission.type.ts';
import { Repository } from '../repositories/repository.type.ts';
import { Robot } from '../robots/robot.type.ts';
import { Team } from '../teams/team.type.ts';
import { User } from '../users/user.type.ts';
import { FoundTag } from './found-tag.type.ts';

const SearchResult = createUnionType({
  name: 'SearchResult',
  description: 'What a search can find.',
  types: () => [Repository, Organization, User, Team, Robot, FoundTag] as const,
  resolveType: (value: object) => {
    if (value instanceof RepositoryEntity) return Repository;
    if (value instanceof OrganizationEntity) return Organization;
    if (value instanceof TeamEntity) return Team;
    if (value instanceof TagEntity) return FoundTag;
    return value instanceof RobotEntity ? Robot : User;
  },
});

@ObjectType({ description: 'Somebody whom the identity provider knows, and who has never signed in here.' })
class DirectoryPerson {
  @Field(() => String, { description: 'What the person signs in with there.' })
  username!: string;

  @Field(() => String, { nullable: true, description: 'First and last name.' })
  name?: string | undefined;
}

@Resolver()
export class SearchResolver {
  @Access('anyone', 'visible')
  @Query(() => [SearchResult], {
    description:
      'Finds by name whatever the viewer may know of. The exact name first, then names that begin so, then the rest, then tags: those that begin so in the viewer’s own repositories, or with `repository:tag` in all that the viewer may see.',
  })
  search(
    @Arg('text', () => String, {
      description: 'Part of a name, or `repository:tag`: part of the one and the beginning of the other.',
    })
    text: string,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 20 when left out.' })
    first: number | null,
    @Ctx() ctx: ApiContext,
  ): Promise<object[]> {
    return search(ctx, { text, first });
  }

  @Access('signed in', 'visible')
  @Query(() => [Grantee], {
    description:
      'For the box in which one types whom to grant something: users whose name begins so, robots and teams of this namespace. For its members, and for admins of its repositories.',
  })
  grantees(
    @Arg('organization', () => String, { description: 'An organization, or a personal namespace.' })
    organization: string,
    @Arg('text', () => String, { description: 'How the name begins.' }) text: string,
    @Arg('kinds', () => [GranteeKind], { nullable: true, description: 'Only these; all when left out.' })
    kinds: GranteeKind[] | null,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 10 when left out.' })
    first: number | null,
    @Ctx() ctx: ApiContext,
  ): Promise<object[]> {
    return searchGrantees(ctx, { organization, text, kinds, first });
  }

  @Access('signed in', 'namespace admin')
  @Query(() => [DirectoryPerson], {
    description:
      'For the box in which one types whom to put into a team: people of the identity provider who have never signed in here, by the beginning of a user name or a name, or by a whole e-mail address. Nobody where the provider cannot be asked.',
  })
  async directoryPeople(
    @Arg('organization', () => String, { description: 'For a team of which organization.' }) organization: string,
    @Arg('text', () => String, { description: 'At least two characters.' }) text: string,
    @Arg('first', () => Int, { nullable: true, description: 'How many, 1 to 100; 10 when left out.' })
    first: number | null,
    @Ctx() ctx: ApiContext,
  ): Promise<DirectoryPerson[]> {
    const { directory, config } = ctx.services;
    const found = await searchDirectory(ctx, { organization, text, first }, { directory, issuer: config.oidc.issuer });
    return found.map(({ username, name }) => ({ username, name }));
  }
}
