import type { Context } from '../context.ts';
import { boundTo, tokenTables } from './stored-secret.ts';
import type { TokenType } from './token.ts';

/** What came of looking for secrets of former keys. */
export interface Rewrapped {
  readonly rewrapped: number;
  /** `table:id` of rows that no accepted key opens; they stay as they are. */
  readonly unopenable: readonly string[];
}

/**
 * Makes what former keys have sealed anew with the present one, row by row: a background job that may be killed and may run
 * twice (S12). Tokens without a sealed copy follow when they are next used; signing keys, and the ID tokens of sessions, are sealed anew here.
 */
export async function rewrapSecrets(
  ctx: Pick<Context, 'em' | 'vault'>,
  { atMost = 1000 }: { atMost?: number } = {},
): Promise<Rewrapped> {
  const unopenable: string[] = [];
  let rewrapped = 0;
  for (const type of ['app', 'rob'] as const) {
    const { done, failed } = await rewrapTokens(ctx, type, atMost);
    rewrapped += done;
    unopenable.push(...failed);
  }
  for (const place of unmarked) {
    const { done, failed } = await rewrapUnmarked(ctx, place, atMost);
    rewrapped += done;
    unopenable.push(...failed);
  }
  return { rewrapped, unopenable };
}

interface Done {
  readonly done: number;
  readonly failed: string[];
}

async function rewrapTokens(
  { em, vault }: Pick<Context, 'em' | 'vault'>,
  type: TokenType,
  atMost: number,
): Promise<Done> {
  const table = tokenTables[type];
  const rows = await em.execute<{ id: string; sealed: Uint8Array; mac_key_id: string }[]>(
    `select id, sealed, mac_key_id from ${table} where mac_key_id <> ? and sealed is not null limit ?`,
    [vault.keyId, atMost],
  );
  const failed: string[] = [];
  let done = 0;
  for (const { id, sealed, mac_key_id: before } of rows) {
    if (vault.sealedWith(sealed, boundTo(type, id)) === undefined) {
      failed.push(`${table}:${id}`);
      continue;
    }
    const secret = vault.open(sealed, boundTo(type, id));
    await em.execute(`update ${table} set mac = ?, mac_key_id = ?, sealed = ? where id = ? and mac_key_id = ?`, [
      vault.mac(secret),
      vault.keyId,
      vault.seal(secret, boundTo(type, id)),
      id,
      before,
    ]);
    done += 1;
  }
  return { done, failed };
}

/** What is sealed without a note of the key that did it: each row is tried. Refresh tokens change within minutes by themselves. */
const unmarked = [
  { table: 'signing_keys', column: 'sealed_jwk' },
  { table: 'sessions', column: 'id_token' },
] as const;

async function rewrapUnmarked(
  { em, vault }: Pick<Context, 'em' | 'vault'>,
  { table, column }: (typeof unmarked)[number],
  atMost: number,
): Promise<Done> {
  const failed: string[] = [];
  let done = 0;
  for (let after = ''; ;) {
    const rows = await em.execute<{ id: string; sealed: Uint8Array }[]>(
      `select id, ${column} as sealed from ${table} where ${column} is not null and id::text > ? order by id::text limit ?`,
      [after, atMost],
    );
    for (const { id, sealed } of rows) {
      const bound = `${table}:${id}:${column}`;
      const by = vault.sealedWith(sealed, bound);
      if (by === vault.keyId) continue;
      if (by === undefined) {
        failed.push(`${table}:${id}`);
        continue;
      }
      await em.execute(`update ${table} set ${column} = ? where id = ? and ${column} = ?`, [
        vault.seal(vault.open(sealed, bound), bound),
        id,
        sealed,
      ]);
      done += 1;
    }
    const last = rows.at(-1)?.id;
    if (last === undefined || rows.length < atMost) return { done, failed };
    after = last;
  }
}

/** Forgets all copies that serve showing tokens again, when the product is told to keep none (S4). */
export async function wipeSealedCopies({ em }: Pick<Context, 'em'>): Promise<void> {
  for (const table of Object.values(tokenTables))
    await em.execute(`update ${table} set sealed = null where sealed is not null`);
}
