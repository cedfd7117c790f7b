import { defineEntity, p } from '@mikro-orm/core';
import { createdAt } from './base.ts';

/**
 * A key that signs registry tokens, shared by all processes over one database. What state it is in follows from the times of
 * the rows alone, so that all processes agree without asking each other; see the registry's `SigningKeys`.
 */
const SigningKeySchema = defineEntity({
  name: 'SigningKey',
  tableName: 'signing_keys',
  properties: {
    /** RFC 7638 thumbprint. */
    id: p.text().primary(),
    publicJwk: p.json<Record<string, unknown>>(),
    /** Sealed private JWK. */
    sealedJwk: p.blob().hidden(),
    /** From then on it signs, until a later key does. */
    activeFrom: p.datetime(),
    createdAt: createdAt(),
  },
});

export class SigningKey extends SigningKeySchema.class {}
SigningKeySchema.setClass(SigningKey);
