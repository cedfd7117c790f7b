import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto';

/**
 * Keeps secrets with one key: keyed HMACs to recognize tokens, AES-256-GCM to keep copies that can be shown again (S2, S4).
 * Both keys are derived from the secret key, so neither ever serves the other's purpose.
 */
export interface Vault {
  /** Names the key, so that rows tell which one they were made with. */
  readonly keyId: string;
  mac(secret: string): Buffer;
  /** Constant-time. */
  matches(secret: string, mac: Uint8Array): boolean;
  /** @param boundTo `table:row id:column`; the copy opens only for the same (no swapping of rows) */
  seal(plain: string, boundTo: string): Buffer;
  /** @throws Error when it was sealed with another key, for another row, or was altered */
  open(sealed: Uint8Array, boundTo: string): string;
  /** A key for another purpose, from the same secret. @param bytes of key material */
  derive(purpose: string, bytes: number): Buffer;
}

/** @param secretKey at least 32 bytes of entropy; refused when shorter (T30) */
export function createVault(secretKey: Uint8Array): Vault {
  if (secretKey.length < 32) throw new Error('the secret key must have at least 32 bytes');
  const derive = (purpose: string, bytes: number) =>
    Buffer.from(hkdfSync('sha256', secretKey, Buffer.alloc(0), `escale/${purpose}`, bytes));
  const macKey = derive('token-mac', 32);
  const sealKey = derive('token-seal', 32);
  const mac = (secret: string) => createHmac('sha256', macKey).update(secret).digest();
  return {
    keyId: derive('key-id', 6).toString('base64url'),
    mac,
    matches: (secret, expected) => expected.length === 32 && timingSafeEqual(mac(secret), expected),
    seal: (plain, boundTo) => {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', sealKey, nonce).setAAD(Buffer.from(boundTo));
      return Buffer.concat([nonce, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    },
    open: (sealed, boundTo) => {
      if (sealed.length < 28) throw new Error('a sealed value is too short');
      const decipher = createDecipheriv('aes-256-gcm', sealKey, sealed.subarray(0, 12))
        .setAAD(Buffer.from(boundTo))
        .setAuthTag(sealed.subarray(-16));
      return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]).toString('utf8');
    },
    derive,
  };
}
