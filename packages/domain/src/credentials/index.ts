export * from './authenticate.ts';
export { holderOf, type CredentialReference } from './holder.ts';
export * from './stored-secret.ts';
export * from './token.ts';
export * from './vault.ts';
