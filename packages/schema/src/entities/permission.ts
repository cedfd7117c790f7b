import { defineEntity, p } from '@mikro-orm/core';
import { repositoryRoles } from '../values/role.ts';
import { createdAt, id } from './base.ts';
import { Repository } from './repository.ts';
import { Robot } from './robot.ts';
import { Team } from './team.ts';
import { User } from './user.ts';
import { notesRightsChange } from './rights-change.ts';

/** A grantee (user, robot or team; exactly one) has a role on a repository. */
const PermissionSchema = defineEntity({
  name: 'Permission',
  tableName: 'permissions',
  uniques: [
    { properties: ['repository', 'user'] },
    { properties: ['repository', 'robot'] },
    { properties: ['repository', 'team'] },
  ],
  // The other way round: what somebody is granted is read from the index alone.
  indexes: [
    { properties: ['user', 'repository'] },
    { properties: ['robot', 'repository'] },
    { properties: ['team', 'repository'] },
  ],
  checks: [{ name: 'permissions_one_grantee', expression: 'num_nonnulls(user_id, robot_id, team_id) = 1' }],
  triggers: notesRightsChange('permissions', ['repository_id', 'user_id', 'robot_id', 'team_id', 'role']),
  properties: {
    id: id(),
    repository: () => p.manyToOne(Repository).deleteRule('cascade'),
    user: () => p.manyToOne(User).nullable().deleteRule('cascade'),
    robot: () => p.manyToOne(Robot).nullable().deleteRule('cascade'),
    team: () => p.manyToOne(Team).nullable().deleteRule('cascade'),
    role: p.enum(repositoryRoles),
    createdAt: createdAt(),
  },
});

export class Permission extends PermissionSchema.class {}
PermissionSchema.setClass(Permission);
