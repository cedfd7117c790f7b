import { defineEntity, p } from '@mikro-orm/core';
import { teamRoles } from '../values/role.ts';
import { bytewise, createdAt, id } from './base.ts';
import { Organization } from './organization.ts';
import { notesRightsChange } from './rights-change.ts';

/** A group of users and robots in an organization. */
const TeamSchema = defineEntity({
  name: 'Team',
  tableName: 'teams',
  uniques: [{ properties: ['organization', 'name'] }],
  triggers: notesRightsChange('teams', ['id', 'organization_id', 'name', 'role']),
  properties: {
    id: id(),
    organization: () => p.manyToOne(Organization).deleteRule('cascade'),
    name: bytewise(),
    role: p.enum(teamRoles),
    description: p.text().nullable(),
    /** The identity provider's group whose people are in this team, as its claim writes it: `/platform/dev`. */
    syncedGroup: p.text().nullable().index(),
    createdAt: createdAt(),
  },
});

export class Team extends TeamSchema.class {}
TeamSchema.setClass(Team);
