import type { Context } from '../context.ts';

/** Which sessions: one, or all of a person. */
export type WhichSessions = { readonly id: string } | { readonly user: string };

/**
 * Ends sessions here. Their refresh tokens stay, apart from any browser, because tokens of the person go on: the identity provider
 * is asked with them whether the person may still sign in (`ProviderGrant`).
 * @param options.signedOut the person signs out at the provider as well, which is expected to refuse the refresh token then
 */
export async function endSessions(
  { em }: Pick<Context, 'em'>,
  which: WhichSessions,
  { signedOut = false }: { signedOut?: boolean } = {},
): Promise<void> {
  const [column, value] = 'id' in which ? ['id', which.id] : ['user_id', which.user];
  await em.execute(
    `with ended as (delete from sessions where ${column} = ? returning *)
     insert into provider_grants (id, user_id, provider_session, refresh_token, refresh_at, refresh_until, signed_out, created_at)
       select id, user_id, provider_session, refresh_token, coalesce(refresh_at, now()), refresh_until, ?, now() from ended
         where refresh_token is not null
       on conflict (id) do nothing`,
    [value, signedOut],
  );
}
