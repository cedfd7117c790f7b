import { ProviderGrant, Session, type User } from '@escale/schema/entities';
import { as, type Context } from '../context.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { identityProvider } from './identity-provider.ts';

/**
 * Stops everything of a person whom the identity provider refuses: sessions, tokens, registry tokens issued for them and
 * administration. It lasts until the next sign-in. Robots go on, because they do not sign in at the provider.
 * @param options.reason what the provider said, for the usage log
 * @param options.askedAt when the provider was asked: a later sign-in counts more than its answer
 * @returns whether the person was suspended by this call
 */
export async function suspendUser(
  ctx: Context,
  user: User,
  { reason, askedAt }: { reason: string; askedAt: Date },
): Promise<boolean> {
  return inTransaction(ctx, async (inner) => {
    const { em } = inner;
    const rows = await em.execute<{ suspended_before: boolean }[]>(
      `update users u set suspended_at = coalesce(u.suspended_at, ?)
         from (select id, suspended_at is not null as suspended_before from users where id = ? for no key update) b
         where u.id = b.id and (u.last_signed_in_at is null or u.last_signed_in_at < ?)
         returning b.suspended_before`,
      [inner.now, user.id, askedAt],
    );
    const [changed] = rows;
    if (!changed) return false;
    await em.nativeDelete(Session, { user: user.id });
    await em.nativeDelete(ProviderGrant, { user: user.id });
    if (changed.suspended_before) return false;
    recordUsage(as(inner, identityProvider), 'user.suspended', {
      namespace: user.username,
      details: { user: user.username, reason: reason.slice(0, 200) },
    });
    return true;
  });
}

/** The person has signed in again, so everything works again. The caller saves. */
export function resumeUser(ctx: Context, user: User): void {
  if (!user.suspendedAt) return;
  user.suspendedAt = null;
  recordUsage(as(ctx, identityProvider), 'user.resumed', {
    namespace: user.username,
    details: { user: user.username },
  });
}
