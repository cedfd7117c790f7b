export * from './change-members.ts';
export * from './change-team.ts';
export * from './find-team.ts';
export * from './sync-team.ts';
