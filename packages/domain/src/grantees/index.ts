export * from './find-grantee.ts';
export * from './search-grantees.ts';
export * from './search-directory.ts';
