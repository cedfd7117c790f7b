import { Field, ObjectType } from 'type-graphql';
import { RepositoryRole } from '../graphql/enums.ts';

@ObjectType({ description: 'One reason for which somebody has a role on a repository.' })
export class AccessReason {
  @Field(() => String, {
    description:
      'OWNER: of the personal namespace. DIRECT: an own permission. TEAM: a permission of a team. ORGANIZATION_ADMIN: in a team that administers the organization. PUBLIC: the repository is public. ADMINISTRATOR: of the registry.',
  })
  kind!: string;

  @Field(() => RepositoryRole, { description: 'What this reason alone gives.' })
  role!: RepositoryRole;

  @Field(() => String, { nullable: true, description: 'The team, as `organization/team`, where a team is the reason.' })
  through?: string | undefined;
}
