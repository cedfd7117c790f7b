export * from './accept-pending.ts';
export { addTeamMember, removeTeamMember } from './change-members.ts';
export * from './change-team.ts';
export * from './find-team.ts';
export * from './pending-members.ts';
export * from './sync-team.ts';
