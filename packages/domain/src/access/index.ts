export * from './find-accessible.ts';
export * from './grant-scope.ts';
export * from './namespace-role.ts';
export * from './principal.ts';
export * from './require-role.ts';
export * from './visible-repositories.ts';
