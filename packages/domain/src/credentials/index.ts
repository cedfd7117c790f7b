export * from './authenticate.ts';
export * from './stored-secret.ts';
export * from './token.ts';
export * from './vault.ts';
