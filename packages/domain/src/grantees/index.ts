export * from './find-grantee.ts';
export * from './search-grantees.ts';
