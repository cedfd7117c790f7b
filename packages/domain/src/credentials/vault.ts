import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Keeps secrets with one key: keyed HMACs to recognize tokens, AES-256-GCM to keep copies that can be shown again (S2, S4).
 * Both keys are derived from the secret key, so neither ever serves the other's purpose. Former keys are still accepted for
 * reading; only the present one writes (S12).
 */
export interface Vault {
  /** Names the present key, so that rows tell which one they were made with. */
  readonly keyId: string;
  /** Of every key that is accepted, the present one first. */
  readonly keyIds: readonly string[];
  mac(secret: string): Buffer;
  /** Constant-time, by any key that is accepted. */
  matches(secret: string, mac: Uint8Array): boolean;
  /** @param boundTo `table:row id:column`; the copy opens only for the same (no swapping of rows) */
  seal(plain: string, boundTo: string): Buffer;
  /** @throws Error when it was sealed with a key that is not accepted, for another row, or was altered */
  open(sealed: Uint8Array, boundTo: string): string;
  /** Which key opens it; undefined when none does. */
  sealedWith(sealed: Uint8Array, boundTo: string): string | undefined;
  /** A key for another purpose, from the same secret. @param bytes of key material */
  derive(purpose: string, bytes: number): Buffer;
}

/** Keys that are accepted at most: the present one and two former ones. */
export const keyGenerations = 3;

/**
 * @param secretKey at least 32 bytes of entropy; refused when shorter (T30)
 * @param former the keys before it, the latest first
 */
export function createVault(secretKey: Uint8Array, former: readonly Uint8Array[] = []): Vault {
  if (former.length >= keyGenerations)
    throw new Error(`at most ${String(keyGenerations)} generations of the secret key are accepted`);
  const present = deriveKeys(secretKey);
  const accepted = [present, ...former.map(deriveKeys)];
  const openWithAny = (sealed: Uint8Array, boundTo: string) => {
    for (const keys of accepted) {
      const plain = open(keys, sealed, boundTo);
      if (plain !== undefined) return { plain, keyId: keys.id };
    }
    return undefined;
  };
  return {
    keyId: present.id,
    keyIds: accepted.map(({ id }) => id),
    mac: (secret) => macOf(present, secret),
    matches: (secret, expected) => {
      // All of them always: how long it takes tells nothing of which one it was.
      const found = accepted.map((keys) => expected.length === 32 && timingSafeEqual(macOf(keys, secret), expected));
      return found.includes(true);
    },
    seal: (plain, boundTo) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', present.seal, nonce).setAAD(Buffer.from(boundTo));
      return Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    },
    open: (sealed, boundTo) => {
      const opened = openWithAny(sealed, boundTo);
      // What it is bound to names the row; what was sealed is never told.
      if (!opened) throw new Error(`the sealed value ${boundTo} does not open: another key, another row, or altered`);
      return opened.plain;
    },
    sealedWith: (sealed, boundTo) => openWithAny(sealed, boundTo)?.keyId,
    derive: (purpose, bytes) => present.derive(purpose, bytes),
  };
}

interface Keys {
  readonly id: string;
  readonly mac: Buffer;
  readonly seal: Buffer;
  derive(purpose: string, bytes: number): Buffer;
}

function deriveKeys(secretKey: Uint8Array): Keys {
  if (secretKey.length < 32) throw new Error('the secret key must have at least 32 bytes');
  const derive = (purpose: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secretKey, Buffer.alloc(0), `escale/${purpose}`, bytes));
  return {
    id: derive('key-id', 6).toString('base64url'),
    mac: derive('token-mac', 32),
    seal: derive('token-seal', 32),
    derive,
  };
}

function macOf({ mac }: Keys, secret: string): Buffer {
  return createHmac('sha256', mac).update(secret).digest();
}

function open({ seal }: Keys, sealed: Uint8Array, boundTo: string): string | undefined {
  if (sealed.length < 28) return undefined;
  try {
    const decipher = createDecipheriv('aes-256-gcm', seal, sealed.subarray(0, 12))
      .setAAD(Buffer.from(boundTo))
      .setAuthTag(sealed.subarray(-16));
    return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString('utf8');
  } catch {
    return undefined;
  }
}
