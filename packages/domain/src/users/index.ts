export * from './confirm-username.ts';
export * from './sign-in-user.ts';
export * from './require-user.ts';
export * from './sessions.ts';
