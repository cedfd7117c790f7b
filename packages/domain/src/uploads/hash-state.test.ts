import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createVault } from '../credentials/vault.ts';
import { openHashState, sealHashState } from './hash-state.ts';

const vault = createVault(randomBytes(32));
const of = { id: 'an-upload', algorithm: 'sha256', offset: 1000, tail: Buffer.from('the last bytes') };
const state = randomBytes(116);
const sealed = sealHashState(vault, of, state);
const unknown = { code: 'BLOB_UPLOAD_UNKNOWN' };

test('a sealed state opens for its own upload', () => {
  expect(Buffer.from(openHashState(vault, of, sealed) ?? []).equals(state)).toBe(true);
});

test('a state with any bit of any byte turned fails closed, and so does one cut short (T7)', () => {
  for (let index = 0; index < sealed.length; index += 1) {
    const other = Buffer.from(sealed);
    other[index] = (other[index] ?? 0) ^ (1 << (index % 8));
    expect(() => openHashState(vault, of, other)).toThrow(expect.objectContaining(unknown) as Error);
  }
  for (const length of [0, 31, 32, sealed.length - 1]) {
    expect(() => openHashState(vault, of, sealed.subarray(0, length))).toThrow(
      expect.objectContaining(unknown) as Error,
    );
  }
});

test.each([
  ['another upload', { id: 'another' }],
  ['another algorithm', { algorithm: 'sha512' }],
  ['another offset', { offset: 1001 }],
  ['other last bytes', { tail: Buffer.from('the last bites') }],
])('a state is worth nothing for %s', (_what, other) => {
  expect(() => openHashState(vault, { ...of, ...other }, sealed)).toThrow(expect.objectContaining(unknown) as Error);
});
