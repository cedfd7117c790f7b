export * from './authenticate.ts';
export { referenceTo, type CredentialReference } from './holder.ts';
export * from './stored-secret.ts';
export * from './token.ts';
export * from './vault.ts';
