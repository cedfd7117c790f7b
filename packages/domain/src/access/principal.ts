import type { RepositoryAction, RepositoryName } from '@escale/schema/values';
import type { ApiScope } from './api-scope.ts';

/** What proved who calls; usage logs name it. */
export interface Credential {
  readonly kind: 'session' | 'application-token' | 'api-token' | 'robot-token' | 'keycloak-token';
  /** Id of the token's row, where it has one: what is looked up again at every use. */
  readonly id?: string;
  /** How people call it: an application token's title. */
  readonly title?: string;
  readonly expiresAt?: Date;
  /** When the person showed a password to the identity provider; absent where the provider does not say. */
  readonly signedInAt?: Date;
  /** An access token of a program, which cannot sign in. */
  readonly isProgram?: boolean;
  /** What an API token is for; absent for what may do all that its owner may. */
  readonly scopes?: readonly ApiScope[];
}

/** The part of an asked scope that the principal might have, as a registry token carries it. */
export interface Grant {
  readonly name: RepositoryName;
  /** Absent when the repository did not exist yet: then the grant is for the one that this principal goes on to create. */
  readonly repositoryId?: string;
  readonly actions: readonly RepositoryAction[];
}

/** A registry token's limits: never more than these, and never more than the principal may at this moment. */
export interface GrantLimit {
  readonly issuedAt: Date;
  readonly grants: readonly Grant[];
  /** Whether the list of repositories was asked for; what it shows is a question of rights. */
  readonly catalog?: boolean;
}

export interface UserPrincipal {
  readonly kind: 'user';
  readonly id: string;
  readonly namespaceId: string;
  readonly name: string;
  readonly isAdministrator: boolean;
  readonly credential: Credential;
  readonly limit?: GrantLimit;
}

export interface RobotPrincipal {
  readonly kind: 'robot';
  readonly id: string;
  readonly namespaceId: string;
  /** `namespace+name`. */
  readonly name: string;
  readonly credential: Credential;
  readonly limit?: GrantLimit;
}

export interface AnonymousPrincipal {
  readonly kind: 'anonymous';
  readonly limit?: GrantLimit;
}

/** A background job, or the start of the product itself. */
export interface SystemPrincipal {
  readonly kind: 'system';
  readonly name: string;
}

export type Principal = UserPrincipal | RobotPrincipal | AnonymousPrincipal | SystemPrincipal;

export const anonymous: AnonymousPrincipal = Object.freeze({ kind: 'anonymous' });

/** Who may do everything everywhere: an administrator of the registry, and the system itself. */
export function isAdministrator(principal: Principal): boolean {
  return principal.kind === 'system' || (principal.kind === 'user' && principal.isAdministrator);
}

/** `user:<id>`: how rows remember a principal. */
export function principalKey(principal: Principal): string {
  if (principal.kind === 'anonymous') return 'anonymous';
  return principal.kind === 'system' ? `system:${principal.name}` : `${principal.kind}:${principal.id}`;
}

/**
 * Names of people and robots are for callers who signed in: what is public of a repository is its content, and not who works on it.
 * @returns undefined for anonymous callers
 */
export function nameShownTo(principal: Principal, name: string): string | undefined {
  return principal.kind === 'anonymous' ? undefined : name;
}

/** How people call a principal, in messages and logs. */
export function principalName(principal: Principal): string {
  return principal.kind === 'anonymous' ? 'anonymous' : principal.name;
}
