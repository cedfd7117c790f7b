import { p } from '@mikro-orm/core';

/**
 * The columns of a row that holds a token (S1, S2, S4). Its id is the token's public part, by which a sign-in finds the row.
 * `mac` is the keyed HMAC that sign-in compares; `sealed` is the copy for showing the token again, absent when that is off.
 */
export const storedSecret = {
  mac: p.blob().hidden(),
  macKeyId: p.text().hidden(),
  sealed: p.blob().nullable().hidden(),
  expiresAt: p.datetime().nullable(),
  lastUsedAt: p.datetime().nullable(),
  lastUsedFrom: p.text().nullable(),
};
