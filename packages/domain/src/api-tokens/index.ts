export * from './create-api-token.ts';
export * from './own-api-tokens.ts';
