import { UsageLogEntry } from '@escale/schema/entities';
import type { Principal } from '../access/principal.ts';
import type { Context } from '../context.ts';

/** Every act of consequence, as `noun.done`: what filters offer and entries say. */
export const usageKinds = [
  'user.created',
  'user.renamed',
  'user.signed_in',
  'user.signed_out',
  'user.disabled',
  'user.enabled',
  'user.suspended',
  'user.resumed',
  'user.administrator_changed',
  'organization.created',
  'organization.updated',
  'organization.deleted',
  'organization.restored',
  'organization.purged',
  'organization.member_removed',
  'organization.taken_over',
  'organization.log_retention_changed',
  'organization.allowed_groups_changed',
  'team.created',
  'team.updated',
  'team.deleted',
  'team.member_added',
  'team.member_removed',
  'team.pending_member_added',
  'team.pending_member_removed',
  'team.sync_set',
  'team.synced',
  'default_permission.created',
  'default_permission.updated',
  'default_permission.deleted',
  'default_permission.applied',
  'application_token.created',
  'application_token.revealed',
  'application_token.revoked',
  'robot.created',
  'robot.updated',
  'robot.deleted',
  'robot.token_created',
  'robot.token_rotated',
  'robot.token_revoked',
  'robot.token_revealed',
  'repository.created',
  'repository.updated',
  'repository.deleted',
  'repository.restored',
  'repository.purged',
  'repository.visibility_changed',
  'repository.permission_set',
  'repository.permission_removed',
  'repository.pushed',
  'repository.pulled',
  'tag.deleted',
  'tag.set',
  'tag.expired',
  'tag.restored',
  'tag.expiry_changed',
  'tag.immutability_changed',
  'manifest.deleted',
  'blob.deleted',
  'session.revoked',
  'api_token.created',
  'api_token.revoked',
  'tokens.revoked',
  'usage_log.exported',
  'message.created',
  'message.deleted',
  'registry.settings_changed',
] as const;

export type UsageKind = (typeof usageKinds)[number];

export interface UsageFacts {
  readonly namespace?: string;
  /** Of the namespace, where its row is not there by this name when the entry is written: not yet, or not any more. */
  readonly namespaceId?: string;
  /** Its id says whose entry it is, because the name may be given to another one. */
  readonly repository?: { readonly id: string; readonly name: string };
  readonly tag?: string;
  readonly digest?: string;
  readonly details?: Record<string, unknown>;
}

/** One entry's columns, but its id. */
export interface UsageRow {
  readonly kind: UsageKind;
  readonly at: Date;
  readonly namespace: string | null;
  /** Null where the database finds it by the name. */
  readonly namespaceId: string | null;
  readonly repository: string | null;
  readonly repositoryId: string | null;
  readonly performerKind: Principal['kind'];
  readonly performer: string | null;
  readonly authenticatedBy: string | null;
  readonly tag: string | null;
  readonly digest: string | null;
  readonly clientAddress: string | null;
  readonly userAgent: string | null;
  readonly details: Record<string, unknown> | null;
}

/** Adds one entry to what the verb saves: it is written in the same transaction or not at all. */
export function recordUsage(ctx: Omit<Context, 'vault'>, kind: UsageKind, facts: UsageFacts): void {
  ctx.em.create(UsageLogEntry, usageRow(ctx, kind, facts));
}

/** The entry for something that happened in this context. */
export function usageRow(ctx: Omit<Context, 'em' | 'vault'>, kind: UsageKind, facts: UsageFacts): UsageRow {
  const { principal, client } = ctx;
  return {
    kind,
    at: ctx.now,
    namespace: facts.namespace ?? facts.repository?.name.split('/')[0] ?? null,
    namespaceId: facts.namespaceId ?? null,
    repository: facts.repository?.name ?? null,
    repositoryId: facts.repository?.id ?? null,
    performerKind: principal.kind,
    performer: principal.kind === 'anonymous' ? null : principal.name,
    authenticatedBy: authenticatedBy(principal),
    tag: facts.tag ?? null,
    digest: facts.digest ?? null,
    clientAddress: client.address ?? null,
    userAgent: client.userAgent?.slice(0, 256) ?? null,
    details: facts.details ?? null,
  };
}

/** `application token "laptop" 0198…`: which kind, what people call it, and the public part of which one. */
function authenticatedBy(principal: Principal): string | null {
  if (principal.kind !== 'user' && principal.kind !== 'robot') return null;
  const { kind, title, id } = principal.credential;
  return [kind.replaceAll('-', ' '), ...(title ? [`"${title}"`] : []), ...(id ? [id] : [])].join(' ');
}
