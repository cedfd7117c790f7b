export * from './confirm-username.ts';
export * from './identity-provider.ts';
export * from './sign-in-user.ts';
export * from './require-user.ts';
export * from './sessions.ts';
export * from './end-sessions.ts';
export * from './suspend-user.ts';
