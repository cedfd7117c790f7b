import type { User } from '@escale/schema/entities';
import { as, type Context } from '../context.ts';
import { join } from '../groups/apply-groups.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { foldLogin, isAddress } from './login.ts';

/** As what a person is waited for: the verified words of the identity provider. */
interface AwaitedAs {
  readonly subject: string;
  /** Only when the provider says one. */
  readonly username?: string;
  /** Only when verified. */
  readonly email?: string;
}

interface Awaited {
  readonly teamId: string;
  readonly team: string;
  readonly namespace: string;
  readonly login: string;
}

/**
 * Turns the pending memberships of a person who has signed in into memberships. A pending membership with the provider's id matches
 * that id alone. One with an e-mail address matches the verified address alone, never a user name that looks like one.
 */
export async function acceptPendingMemberships(ctx: Context, user: User, identity: AwaitedAs): Promise<void> {
  const { subject } = identity;
  const logins = loginsOf(identity);
  await inTransaction(ctx, async (inner) => {
    const own = as(inner, { kind: 'system', name: 'identity provider' });
    const awaited = await own.em.execute<Awaited[]>(
      `delete from pending_memberships w using teams t join organizations o on o.id = t.organization_id
           join namespaces n on n.id = o.namespace_id
         where t.id = w.team_id and n.deleted_at is null
           and (w.subject = ? or (w.subject is null and w.login in (${logins.map(() => '?').join(', ') || 'null'})))
         returning t.id as "teamId", t.name as team, n.name as namespace, w.login`,
      [subject, ...logins],
    );
    for (const { teamId, team, namespace, login } of awaited) {
      if (!(await join(own.em, user, teamId, false))) continue;
      recordUsage(own, 'team.member_added', { namespace, details: { team, user: user.username, awaited: login } });
    }
  });
}

/** As what a person may be awaited: by the user name, and by the verified address. Each is compared with its own kind alone. */
function loginsOf({ username, email }: AwaitedAs): string[] {
  return [
    ...(username !== undefined && !isAddress(username) ? [foldLogin(username)] : []),
    ...(email !== undefined && isAddress(email) ? [foldLogin(email)] : []),
  ];
}
