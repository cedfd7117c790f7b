import { defineEntity, p } from '@mikro-orm/core';
import { repositoryRoles } from '../values/role.ts';
import { createdAt, id } from './base.ts';
import { Organization } from './organization.ts';
import { Robot } from './robot.ts';
import { Team } from './team.ts';
import { User } from './user.ts';

/**
 * An organization's rule that adds a permission to each new repository: of one creator (a user or a robot), or of anyone when
 * both creators are absent; to one grantee (user, robot or team; exactly one).
 */
const DefaultPermissionSchema = defineEntity({
  name: 'DefaultPermission',
  tableName: 'default_permissions',
  uniques: [
    {
      name: 'default_permissions_once',
      expression:
        'create unique index "default_permissions_once" on "default_permissions" ("organization_id", ' +
        `coalesce("creator_user_id", "creator_robot_id", '00000000-0000-0000-0000-000000000000'), ` +
        'coalesce("user_id", "robot_id", "team_id"))',
    },
  ],
  checks: [
    { name: 'default_permissions_one_grantee', expression: 'num_nonnulls(user_id, robot_id, team_id) = 1' },
    { name: 'default_permissions_one_creator', expression: 'num_nonnulls(creator_user_id, creator_robot_id) <= 1' },
  ],
  properties: {
    id: id(),
    organization: () => p.manyToOne(Organization).deleteRule('cascade'),
    creatorUser: () => p.manyToOne(User).nullable().index().deleteRule('cascade'),
    creatorRobot: () => p.manyToOne(Robot).nullable().index().deleteRule('cascade'),
    user: () => p.manyToOne(User).nullable().index().deleteRule('cascade'),
    robot: () => p.manyToOne(Robot).nullable().index().deleteRule('cascade'),
    team: () => p.manyToOne(Team).nullable().index().deleteRule('cascade'),
    role: p.enum(repositoryRoles),
    createdAt: createdAt(),
  },
});

export class DefaultPermission extends DefaultPermissionSchema.class {}
DefaultPermissionSchema.setClass(DefaultPermission);
