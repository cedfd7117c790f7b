import { isApiScope } from '../access/api-scope.ts';
import type { Credential, Principal, RobotPrincipal, UserPrincipal } from '../access/principal.ts';
import { unauthorized, userSuspended } from '../errors.ts';
import { howToGetApplicationToken } from './how-to.ts';

/** Which credential a registry token was issued for: what is looked up again at every use of that token. */
export interface CredentialReference {
  readonly kind: Credential['kind'] | 'anonymous';
  /** Of the application token, of the robot token, or of the user where the credential has no row. */
  readonly id?: string;
}

/** What a registry token for this principal refers to. */
export function referenceTo(principal: Principal): CredentialReference {
  if (principal.kind === 'anonymous' || principal.kind === 'system') return { kind: 'anonymous' };
  return { kind: principal.credential.kind, id: principal.credential.id ?? principal.id };
}

/** Who stands behind a credential, and what may have ended it, as the rows are now. */
export interface Holder {
  /** Of the user or the robot. */
  readonly id: string;
  readonly namespaceId: string;
  /** The user name, or a robot's `namespace+name`. */
  readonly name: string;
  readonly isAdministrator: boolean;
  readonly disabled: boolean;
  /** The identity provider no longer lets the person sign in, until the next sign-in. */
  readonly suspended: boolean;
  /** The namespace was deleted, and may be restored. */
  readonly deleted: boolean;
  /** How people call the credential, where they gave it a name. */
  readonly title: string | null;
  readonly expiresAt: Date | null;
  /** Of an API token. */
  readonly scopes?: readonly string[];
}

const users = (from: string, where: string, title: string, expiresAt: string, more = ''): string => `
  select u.id, u.namespace_id, n.name, u.is_administrator, u.disabled_at is not null as disabled,
         u.suspended_at is not null as suspended, n.deleted_at is not null as deleted, ${title} as title, ${expiresAt} as expires_at${more}
    from ${from} join namespaces n on n.id = u.namespace_id where ${where}`;
const userById = (id: string): string => users('users u', `u.id = ${id}`, 'null::text', 'null::timestamptz');

/**
 * SQL of the holder of one credential: a row, or none when it was revoked. Everybody who trusts a credential after it has been
 * authenticated reads this, so that a revocation is seen by all of them at once.
 * @param id SQL of the credential's id, see `CredentialReference`
 */
export const holderOf = {
  'application-token': (id: string) =>
    users('application_tokens t join users u on u.id = t.user_id', `t.id = ${id}`, 't.title', 't.expires_at'),
  'api-token': (id: string) =>
    users('api_tokens t join users u on u.id = t.user_id', `t.id = ${id}`, 't.title', 't.expires_at', ', t.scopes'),
  // A disabled person's robots are disabled as well (S5).
  'robot-token': (id: string) => `
  select r.id, r.namespace_id, n.name || '+' || r.name as name, false as is_administrator,
         exists (select 1 from users o where o.namespace_id = r.namespace_id and o.disabled_at is not null) as disabled,
         false as suspended, n.deleted_at is not null as deleted, null::text as title, t.expires_at
    from robot_tokens t join robots r on r.id = t.robot_id join namespaces n on n.id = r.namespace_id where t.id = ${id}`,
  session: userById,
  'keycloak-token': userById,
} as const satisfies Record<Credential['kind'], (id: string) => string>;

/** What kind of principal holds a kind of credential. */
export const holderKind = {
  'application-token': 'user',
  'api-token': 'user',
  'robot-token': 'robot',
  session: 'user',
  'keycloak-token': 'user',
} as const satisfies Record<Credential['kind'], 'user' | 'robot'>;

/**
 * The principal of a credential.
 * @throws UNAUTHORIZED with the reason when the credential has expired, or its user is disabled or suspended
 */
export function principalOf(
  { kind, id }: { kind: Credential['kind']; id?: string },
  holder: Holder,
  now: Date,
): UserPrincipal | RobotPrincipal {
  if (holder.deleted && holderKind[kind] === 'robot') {
    throw unauthorized(`the organization of the robot ${holder.name} was deleted; an admin of it may restore it`);
  }
  if (holder.expiresAt && holder.expiresAt <= now) throw expired(kind, holder, holder.expiresAt);
  const hasRow = kind === 'application-token' || kind === 'api-token' || kind === 'robot-token';
  const scopes = kind === 'api-token' ? (holder.scopes ?? []).filter(isApiScope) : undefined;
  const credential: Credential = {
    kind,
    ...(hasRow && id !== undefined && { id }),
    ...(holder.title !== null && { title: holder.title }),
    ...(holder.expiresAt && { expiresAt: holder.expiresAt }),
    ...(scopes && { scopes }),
  };
  if (holderKind[kind] === 'user') {
    // An administrator's token is an ordinary person's, unless it was made for administration.
    const isAdministrator = holder.isAdministrator && (scopes?.includes('administration') ?? true);
    return userHolding(credential, { ...holder, isAdministrator });
  }
  if (holder.disabled) throw unauthorized(`the owner of the robot ${holder.name} is disabled`);
  return { kind: 'robot', id: holder.id, namespaceId: holder.namespaceId, name: holder.name, credential };
}

/** @throws UNAUTHORIZED for a disabled or suspended user */
export function userHolding(
  credential: Credential,
  holder: Omit<Holder, 'deleted' | 'title' | 'expiresAt'>,
): UserPrincipal {
  const { id, namespaceId, name, isAdministrator, disabled, suspended } = holder;
  if (disabled) throw unauthorized(`the user ${name} is disabled; ask an administrator of this registry`);
  if (suspended) throw userSuspended(name, credential.kind);
  return { kind: 'user', id, namespaceId, name, isAdministrator, credential };
}

function expired(kind: Credential['kind'], { name, title }: Holder, at: Date): Error {
  const day = at.toISOString().slice(0, 10);
  return unauthorized(
    kind === 'robot-token'
      ? `this token of the robot ${name} expired on ${day}: ask an admin of its namespace to renew it`
      : `the ${kind.replaceAll('-', ' ')} "${title ?? ''}" expired on ${day}: ${howToGetApplicationToken}`,
  );
}

/** The credential behind a registry token is gone: revoked, or its robot or user deleted. */
export const credentialGone = () => unauthorized('the credential behind this token was revoked');
