import { defineEntity, p } from '@mikro-orm/core';
import { bytewise, createdAt, id } from './base.ts';
import { Team } from './team.ts';

/** Somebody who is to be in a team, but whom only the identity provider knows as yet: becomes a membership when they sign in. */
const PendingMembershipSchema = defineEntity({
  name: 'PendingMembership',
  tableName: 'pending_memberships',
  uniques: [{ properties: ['team', 'login'] }],
  properties: {
    id: id(),
    team: () => p.manyToOne(Team).deleteRule('cascade'),
    /** The user name there, or an e-mail address; in lower case. */
    login: bytewise().index(),
    /** The provider's own id of the person, where it could be asked: then it alone decides who is meant. */
    subject: p.text().nullable().index(),
    createdAt: createdAt(),
  },
});

export class PendingMembership extends PendingMembershipSchema.class {}
PendingMembershipSchema.setClass(PendingMembership);
