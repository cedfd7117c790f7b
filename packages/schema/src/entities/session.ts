import { defineEntity, p } from '@mikro-orm/core';
import { createdAt } from './base.ts';
import { User } from './user.ts';

/** A browser's session. The cookie holds a random value; the row is found by its SHA-256 (S8). */
const SessionSchema = defineEntity({
  name: 'Session',
  tableName: 'sessions',
  indexes: [
    {
      name: 'sessions_refreshed_next',
      expression: `create index "sessions_refreshed_next" on "sessions" ("refresh_at") where "refresh_token" is not null`,
    },
  ],
  properties: {
    /** SHA-256 of the cookie's value, hexadecimal. */
    id: p.text().primary(),
    user: () => p.manyToOne(User).eager().index().deleteRule('cascade'),
    /** The identity provider's session, where it names one. */
    providerSession: p.text().nullable().index(),
    /** Sealed: what signing out at the identity provider needs. */
    idToken: p.blob().nullable().hidden(),
    /** Sealed: what the provider is asked with whether the person may still do what they may. New after each use. */
    refreshToken: p.blob().nullable().hidden(),
    /** When that is done next; later while somebody does it. */
    refreshAt: p.datetime().nullable(),
    /** When the refresh token ends by itself, where the provider says so. */
    refreshUntil: p.datetime().nullable(),
    /** Where it began, for the list in which its owner looks for strangers. */
    clientAddress: p.text().nullable(),
    userAgent: p.text().nullable(),
    /** When the person proved to be it; earlier than the row where the provider remembered them. Null: not known. */
    signedInAt: p.datetime().nullable(),
    lastSeenAt: p.datetime(),
    expiresAt: p.datetime().index(),
    createdAt: createdAt(),
  },
});

export class Session extends SessionSchema.class {}
SessionSchema.setClass(Session);
