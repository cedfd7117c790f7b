import { ProviderGrant, Session, type User } from '@escale/schema/entities';
import type { Context } from '@escale/domain/context';
import { idleMilliseconds } from './session-cookie.ts';

/** A row with a refresh token: an open session, or the grant that an ended session leaves. */
export type Grant = Session | ProviderGrant;

/** A grant that is being refreshed is nobody else's for so long. After that, its process must have died. */
const claimMilliseconds = 60_000;

/**
 * Takes the grant that has been due for longest; it comes up again when nobody has finished with it in time.
 * @param options.openSessionsOnly leaves alone what no browser uses any more
 */
export async function claimDue(ctx: Context, options: { openSessionsOnly: boolean }): Promise<Grant | null> {
  const { em, now } = ctx;
  const until = new Date(Date.now() + claimMilliseconds);
  const open = options.openSessionsOnly ? 'and expires_at > ? and last_seen_at > ?' : '';
  const times = options.openSessionsOnly ? [now, new Date(now.getTime() - idleMilliseconds)] : [];
  const [session] = await em.execute<{ id: string }[]>(
    `update sessions set refresh_at = ? where id = (
       select id from sessions where refresh_token is not null and refresh_at <= ? ${open}
       order by refresh_at limit 1 for update skip locked
     ) returning id`,
    [until, now, ...times],
  );
  if (session) return em.findOne(Session, { id: session.id });
  if (options.openSessionsOnly) return null;
  const [grant] = await em.execute<{ id: string }[]>(
    `update provider_grants set refresh_at = ? where id = (
       select id from provider_grants where refresh_at <= ? order by refresh_at limit 1 for update skip locked
     ) returning id`,
    [until, now],
  );
  return grant ? em.findOne(ProviderGrant, { id: grant.id }) : null;
}

/** Whether the provider can be asked about a person by another grant than one that is gone. One that is over tells nothing. */
export async function hasOtherGrants({ em, now }: Context, { id }: User): Promise<boolean> {
  const rows = await em.execute<unknown[]>(
    `select 1 from sessions where user_id = ? and refresh_token is not null and (refresh_until is null or refresh_until > ?)
     union all select 1 from provider_grants where user_id = ? and not signed_out and (refresh_until is null or refresh_until > ?)
     limit 1`,
    [id, now, id, now],
  );
  return rows.length > 0;
}
