import { defineEntity, p } from '@mikro-orm/core';
import { createdAt } from './base.ts';

/** A key that signs registry tokens, shared by all processes over one database. */
const SigningKeySchema = defineEntity({
  name: 'SigningKey',
  tableName: 'signing_keys',
  properties: {
    /** RFC 7638 thumbprint. */
    id: p.text().primary(),
    publicJwk: p.json<Record<string, unknown>>(),
    /** Sealed private JWK. */
    sealedJwk: p.blob().hidden(),
    createdAt: createdAt(),
  },
});

export class SigningKey extends SigningKeySchema.class {}
SigningKeySchema.setClass(SigningKey);
