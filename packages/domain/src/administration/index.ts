export * from './allow-groups.ts';
export * from './disable-user.ts';
export * from './list-users.ts';
export * from './messages.ts';
export * from './registry-settings.ts';
export * from './revoke-tokens.ts';
export * from './take-over-organization.ts';
