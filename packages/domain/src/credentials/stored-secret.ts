import { v7 } from 'uuid';
import { newSecret, writeToken, type TokenType } from './token.ts';
import type { Vault } from './vault.ts';

/** Which table holds the tokens of a type. */
export const tokenTables = {
  app: 'application_tokens',
  rob: 'robot_tokens',
  api: 'api_tokens',
} as const satisfies Record<TokenType, string>;

/** A new token: what its row stores, and the text that is shown to the person. */
export function createToken(vault: Vault, type: TokenType, { revealable }: { revealable: boolean }) {
  const id = v7();
  const secret = newSecret();
  return {
    plain: writeToken({ type, id, secret }),
    stored: {
      id,
      mac: vault.mac(secret),
      macKeyId: vault.keyId,
      sealed: revealable ? vault.seal(secret, boundTo(type, id)) : null,
    },
  };
}

/** The text of a token from its sealed copy. */
export function revealToken(vault: Vault, type: TokenType, row: { id: string; sealed: Uint8Array }): string {
  return writeToken({ type, id: row.id, secret: vault.open(row.sealed, boundTo(type, row.id)) });
}

/** What a sealed copy is bound to: it opens in its own row and column only. */
export function boundTo(type: TokenType, id: string): string {
  return `${tokenTables[type]}:${id}:sealed`;
}
