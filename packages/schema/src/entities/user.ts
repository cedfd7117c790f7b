import { defineEntity, p, type Opt } from '@mikro-orm/core';
import { createdAt, id } from './base.ts';
import { Namespace } from './namespace.ts';
import { notesRightsChange } from './rights-change.ts';

/** A person known from the identity provider; identity is the pair (issuer, subject), never a name or an address. */
const UserSchema = defineEntity({
  name: 'User',
  tableName: 'users',
  uniques: [{ properties: ['issuer', 'subject'] }],
  triggers: notesRightsChange('users', ['id', 'namespace_id', 'is_administrator', 'disabled_at', 'suspended_at']),
  properties: {
    id: id(),
    namespace: () => p.oneToOne(Namespace).owner().eager(),
    issuer: p.text(),
    subject: p.text(),
    email: p.text().nullable(),
    /** False until the person has accepted or changed the name that the first sign-in derived. */
    usernameConfirmed: p.boolean().default(false),
    /** From the administrators' group of the identity provider, as of the last sign-in. */
    isAdministrator: p.boolean().default(false),
    disabledAt: p.datetime().nullable(),
    /** When the identity provider refused the person. Ends with the next sign-in, or when an administrator enables the user. */
    suspendedAt: p.datetime().nullable(),
    /** When the provider's directory was last asked about the person; null: never. */
    checkedAt: p.datetime().nullable(),
    lastSignedInAt: p.datetime().nullable(),
    createdAt: createdAt(),
  },
});

export class User extends UserSchema.class {
  get username(): Opt<string> {
    return this.namespace.name;
  }
}
UserSchema.setClass(User);
