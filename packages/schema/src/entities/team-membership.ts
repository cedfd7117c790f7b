import { defineEntity, p } from '@mikro-orm/core';
import { createdAt, id } from './base.ts';
import { Robot } from './robot.ts';
import { Team } from './team.ts';
import { User } from './user.ts';
import { notesRightsChange } from './rights-change.ts';

/** A user or a robot in a team; exactly one of the two. */
const TeamMembershipSchema = defineEntity({
  name: 'TeamMembership',
  tableName: 'team_memberships',
  uniques: [{ properties: ['team', 'user'] }, { properties: ['team', 'robot'] }],
  checks: [{ name: 'team_memberships_one_member', expression: 'num_nonnulls(user_id, robot_id) = 1' }],
  triggers: notesRightsChange('team_memberships', ['team_id', 'user_id', 'robot_id']),
  properties: {
    id: id(),
    team: () => p.manyToOne(Team).deleteRule('cascade'),
    user: () => p.manyToOne(User).nullable().index().deleteRule('cascade'),
    robot: () => p.manyToOne(Robot).nullable().index().deleteRule('cascade'),
    /** Came with the team's group of the identity provider and goes with it; false for one that a person added. */
    synced: p.boolean().default(false),
    createdAt: createdAt(),
  },
});

export class TeamMembership extends TeamMembershipSchema.class {}
TeamMembershipSchema.setClass(TeamMembership);
