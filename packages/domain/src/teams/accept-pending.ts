import type { User } from '@escale/schema/entities';
import { as, type Context } from '../context.ts';
import { join } from '../groups/apply-groups.ts';
import { inTransaction } from '../in-transaction.ts';
import { recordUsage } from '../usage-logs/record.ts';

/** As what a person is waited for: the verified words of the identity provider. */
interface AwaitedAs {
  readonly subject: string;
  readonly preferredName: string;
  /** Only when verified. */
  readonly email?: string;
}

interface Awaited {
  readonly teamId: string;
  readonly team: string;
  readonly namespace: string;
  readonly login: string;
}

/** Teams that wait for a person who is here now become the person's. What waits for a certain id is for nobody else of the name. */
export async function acceptPendingMemberships(ctx: Context, user: User, identity: AwaitedAs): Promise<void> {
  const { subject, preferredName, email = preferredName } = identity;
  await inTransaction(ctx, async (inner) => {
    const own = as(inner, { kind: 'system', name: 'identity provider' });
    const awaited = await own.em.execute<Awaited[]>(
      `delete from pending_memberships w using teams t join organizations o on o.id = t.organization_id
           join namespaces n on n.id = o.namespace_id
         where t.id = w.team_id and n.deleted_at is null
           and (w.subject = ? or (w.subject is null and w.login in (?, ?)))
         returning t.id as "teamId", t.name as team, n.name as namespace, w.login`,
      [subject, preferredName.toLowerCase(), email.toLowerCase()],
    );
    for (const { teamId, team, namespace, login } of awaited) {
      if (!(await join(own.em, user, teamId, false))) continue;
      recordUsage(own, 'team.member_added', { namespace, details: { team, user: user.username, awaited: login } });
    }
  });
}
