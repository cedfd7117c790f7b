import { User } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { suspendUser } from '../users/suspend-user.ts';
import { DirectoryUnavailable, type Directory, type PersonState } from './directory.ts';

/** People asked about in one run, those who have waited longest first. */
const atMost = 2000;
/** Questions under way at once. */
const slots = 4;
/** When the provider knows none of so many people, it is another provider than theirs, and nobody is suspended. */
const suspiciouslyMany = 3;

interface Checked {
  readonly suspended: number;
  readonly failures: readonly string[];
}

/**
 * Asks the provider's directory about everybody who has tokens, an open session or administration, and suspends whom it no longer
 * lets sign in. It needs no session of the person.
 */
export async function checkPeople(
  ctx: Context,
  { directory, issuer }: { readonly directory: Directory; readonly issuer: string },
  signal?: AbortSignal,
): Promise<Checked> {
  const askedAt = new Date();
  const people = await peopleToCheck(ctx, issuer);
  const states = new Map<string, PersonState>();
  const failures = new Set<string>();
  const waiting = people.values();
  let isReachable = true;
  await Promise.all(
    Array.from({ length: slots }, async () => {
      for (const { id, subject } of waiting) {
        if (signal?.aborted || !isReachable) return;
        try {
          states.set(id, await directory.stateOf(subject, signal));
        } catch (error) {
          if (!(error instanceof DirectoryUnavailable)) throw error;
          failures.add(error.message);
          isReachable = error.isReachable;
        }
      }
    }),
  );
  const refused = [...states].filter(([, state]) => state !== 'enabled');
  if (states.size >= suspiciouslyMany && refused.filter(([, state]) => state === 'absent').length === states.size) {
    failures.add(
      'the directory of the identity provider knows nobody who has signed in here: ESCALE_OIDC_SYNC_URL may name another realm',
    );
    return { suspended: 0, failures: [...failures] };
  }
  let suspended = 0;
  for (const [id, state] of refused) {
    const own = { ...ctx, em: ctx.em.fork() };
    const user = await own.em.findOneOrFail(User, { id });
    const reason = state === 'absent' ? 'deleted at the identity provider' : 'disabled at the identity provider';
    if (await suspendUser(own, user, { reason, askedAt })) suspended += 1;
  }
  await noteChecked(ctx, [...states.keys()], askedAt);
  return { suspended, failures: [...failures] };
}

/** Whoever has nothing that works without a sign-in is not asked about. */
async function peopleToCheck({ em, now }: Context, issuer: string): Promise<{ id: string; subject: string }[]> {
  return em.execute<{ id: string; subject: string }[]>(
    `select u.id, u.subject from users u
       where u.issuer = ? and u.suspended_at is null and u.disabled_at is null
         and (u.is_administrator
           or exists (select 1 from application_tokens t where t.user_id = u.id and (t.expires_at is null or t.expires_at > ?))
           or exists (select 1 from api_tokens t where t.user_id = u.id and (t.expires_at is null or t.expires_at > ?))
           or exists (select 1 from sessions s where s.user_id = u.id and s.expires_at > ?))
       order by u.checked_at nulls first limit ?`,
    [issuer, now, now, now, atMost],
  );
}

async function noteChecked({ em }: Context, ids: readonly string[], at: Date): Promise<void> {
  if (ids.length > 0)
    await em.execute('update users set checked_at = ? where id = any (?::uuid[])', [at, `{${ids.join(',')}}`]);
}
