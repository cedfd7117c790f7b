import { defineEntity, p } from '@mikro-orm/core';
import { createdAt } from './base.ts';

/** A generation of the secret key that this database has secrets of, with a sealed canary: a wrong key is noticed at start (S12). */
const SecretKeySchema = defineEntity({
  name: 'SecretKey',
  tableName: 'secret_keys',
  properties: {
    /** The vault's `keyId`; tells nothing of the key. */
    id: p.text().primary(),
    canary: p.blob().hidden(),
    createdAt: createdAt(),
  },
});

export class SecretKey extends SecretKeySchema.class {}
SecretKeySchema.setClass(SecretKey);
