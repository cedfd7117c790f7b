import type { GranteeInput, GranteeNameFragment } from '../../graphql/generated/graphql.ts';

export type GranteeKind = GranteeNameFragment['__typename'];

/** Whom something is granted to, as a page names it and as the API takes it. */
export interface Grantee {
  readonly kind: GranteeKind;
  /** `alice`, `acme+ci` or `dev`. */
  readonly name: string;
}

export function granteeOf(from: GranteeNameFragment): Grantee {
  if (from.__typename === 'User') return { kind: 'User', name: from.username };
  if (from.__typename === 'Robot') return { kind: 'Robot', name: from.login };
  return { kind: 'Team', name: from.name };
}

export function granteeInput({ kind, name }: Grantee): GranteeInput {
  if (kind === 'User') return { user: name };
  return kind === 'Robot' ? { robot: name } : { team: name };
}

export const granteeIcons: Readonly<Record<GranteeKind, string>> = {
  User: 'i-lucide-user-round',
  Robot: 'i-lucide-bot',
  Team: 'i-lucide-users-round',
};
