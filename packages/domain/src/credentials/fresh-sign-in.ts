import { principalKey } from '../access/principal.ts';
import type { Context } from '../context.ts';
import { freshSignInRequired, tooManyReveals } from '../errors.ts';

/**
 * Seconds for which a sign-in counts as fresh. Showing a secret in use hands it out without a trace where it is used, so an
 * open browser is not enough (S4, ASVS 7.5.3). Two hours, because people rely on showing tokens: someone who works with them
 * for an hour should not be asked for a password twice. Making a new secret needs only the right to do so: it is a row of its
 * own, which its owner sees and can revoke.
 */
export const freshFor = 2 * 60 * 60;

/** How many secrets one principal may have shown again within an hour (S4). */
const revealsPerHour = 60;

/**
 * A time that is not known is not fresh. Programs cannot sign in and are not asked to; an API token says by its scopes what it is
 * for.
 * @throws FRESH_SIGN_IN_REQUIRED with the age that a sign-in may have
 */
export function requireFreshSignIn({ principal, now }: Context): void {
  if (principal.kind !== 'user') return;
  const { kind, signedInAt, isProgram = false } = principal.credential;
  if (kind !== 'session' && (kind !== 'keycloak-token' || isProgram)) return;
  if (!signedInAt || signedInAt.getTime() + freshFor * 1000 <= now.getTime()) throw freshSignInRequired(freshFor);
}

/**
 * Counts one secret shown again. One statement, whose row lock makes requests at the same moment take turns.
 * @throws TOOMANYREQUESTS with the seconds after which the next may be shown
 */
export async function countReveal({ em, principal, now }: Context): Promise<void> {
  const hourAgo = new Date(now.getTime() - 60 * 60 * 1000);
  const key = principalKey(principal);
  const recent = `array(select t from unnest(x.shown_at) t where t > ?)`;
  const counted = await em.execute<unknown[]>(
    `insert into reveal_counts as x (principal, shown_at) values (?, array[?::timestamptz])
       on conflict (principal) do update set shown_at = ${recent} || ?::timestamptz
         where cardinality(${recent}) < ? returning principal`,
    [key, now, hourAgo, now, hourAgo, revealsPerHour],
  );
  if (counted.length > 0) return;
  const [first] = await em.execute<{ seconds: number }[]>(
    `select ceil(extract(epoch from min(t) - ?::timestamptz))::int as seconds
       from reveal_counts x, unnest(x.shown_at) t where x.principal = ? and t > ?`,
    [hourAgo, key, hourAgo],
  );
  throw tooManyReveals(revealsPerHour, Math.max(first?.seconds ?? 1, 1));
}
