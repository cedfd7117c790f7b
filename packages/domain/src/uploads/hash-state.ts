import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Vault } from '../credentials/vault.ts';
import { uploadUnknown } from '../errors.ts';

/** What the state of a hash belongs to: it is worth nothing for another upload, another offset or other bytes. */
export interface HashedSoFar {
  readonly id: string;
  readonly algorithm: string;
  readonly offset: number;
  readonly tail: Uint8Array;
}

const macLength = 32;

/** The state with a keyed HMAC before it: a row that was tampered with must not make us vouch for other bytes (T7). */
export function sealHashState(vault: Vault, of: HashedSoFar, state: Uint8Array): Buffer {
  return Buffer.concat([macOf(vault, of, state), state]);
}

/** @throws BLOB_UPLOAD_UNKNOWN for anything that this product did not seal for exactly this: it fails closed */
export function openHashState(vault: Vault, of: HashedSoFar, sealed: Uint8Array | null): Uint8Array | null {
  if (of.offset === 0) return null;
  if (!sealed || sealed.length <= macLength) throw uploadUnknown();
  const state = sealed.subarray(macLength);
  if (!timingSafeEqual(macOf(vault, of, state), sealed.subarray(0, macLength))) throw uploadUnknown();
  return state;
}

function macOf(vault: Vault, { id, algorithm, offset, tail }: HashedSoFar, state: Uint8Array): Buffer {
  return createHmac('sha256', vault.derive('upload-state', 32))
    .update(`${id} ${algorithm} ${String(offset)} ${String(state.length)} `)
    .update(state)
    .update(tail)
    .digest();
}
