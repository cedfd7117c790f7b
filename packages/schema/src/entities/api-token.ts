import { defineEntity, p } from '@mikro-orm/core';
import { createdAt, id } from './base.ts';
import { storedSecret } from './stored-secret.ts';
import { User } from './user.ts';
import { notesRightsChange } from './rights-change.ts';

/** A user's bearer secret for the management API, with scopes. Shown once: there is never a sealed copy. */
const ApiTokenSchema = defineEntity({
  name: 'ApiToken',
  tableName: 'api_tokens',
  triggers: notesRightsChange('api_tokens', ['id', 'user_id', 'title', 'expires_at', 'scopes']),
  properties: {
    id: id(),
    user: () => p.manyToOne(User).index().deleteRule('cascade'),
    title: p.text(),
    /** What the token is for; the words are the domain's (`read`, `repositories:write`, …). */
    scopes: p.array().columnType('text[]'),
    ...storedSecret,
    createdAt: createdAt(),
  },
});

export class ApiToken extends ApiTokenSchema.class {}
ApiTokenSchema.setClass(ApiToken);
