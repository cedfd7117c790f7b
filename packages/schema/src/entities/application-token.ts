import { defineEntity, p, type Opt } from '@mikro-orm/core';
import { createdAt, id } from './base.ts';
import { storedSecret } from './stored-secret.ts';
import { User } from './user.ts';
import { notesRightsChange } from './rights-change.ts';

/** A user's long-lived secret for `docker login`, with the user name `$app`. */
const ApplicationTokenSchema = defineEntity({
  name: 'ApplicationToken',
  tableName: 'application_tokens',
  triggers: notesRightsChange('application_tokens', ['id', 'user_id', 'title', 'expires_at']),
  properties: {
    id: id(),
    user: () => p.manyToOne(User).index().deleteRule('cascade'),
    title: p.text(),
    ...storedSecret,
    createdAt: createdAt(),
  },
});

export class ApplicationToken extends ApplicationTokenSchema.class {
  get revealable(): Opt<boolean> {
    return this.sealed != null;
  }
}
ApplicationTokenSchema.setClass(ApplicationToken);
