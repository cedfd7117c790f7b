export * from './create-application-token.ts';
export * from './list-application-tokens.ts';
export * from './own-application-token.ts';
