import { defineEntity, p } from '@mikro-orm/core';
import { createdAt } from './base.ts';
import { User } from './user.ts';

/**
 * The refresh token of a session that has ended here. The provider is still asked with it whether the person may sign in, because
 * tokens and rights of the person go on after the session. Nobody signs in with it.
 */
const ProviderGrantSchema = defineEntity({
  name: 'ProviderGrant',
  tableName: 'provider_grants',
  properties: {
    /** Id of the session, to which the sealed token is bound. */
    id: p.text().primary(),
    user: () => p.manyToOne(User).eager().index().deleteRule('cascade'),
    /** The identity provider's session, where it names one. */
    providerSession: p.text().nullable().index(),
    refreshToken: p.blob().hidden(),
    /** When the provider is asked next. */
    refreshAt: p.datetime().index(),
    /** When the refresh token ends by itself, where the provider says so. */
    refreshUntil: p.datetime().nullable(),
    /** The person signed out: the provider is expected to refuse the token from then on. */
    signedOut: p.boolean().default(false),
    createdAt: createdAt(),
  },
});

export class ProviderGrant extends ProviderGrantSchema.class {}
ProviderGrantSchema.setClass(ProviderGrant);
