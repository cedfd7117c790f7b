export * from './authenticate.ts';
export { referenceTo, type CredentialReference } from './holder.ts';
export * from './check-secret-key.ts';
export * from './revoke-presented-token.ts';
export * from './rewrap-secrets.ts';
export * from './stored-secret.ts';
export * from './token-lifetime.ts';
export * from './token.ts';
export * from './vault.ts';
