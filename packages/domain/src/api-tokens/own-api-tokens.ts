import { ApiToken } from '@escale/schema/entities';
import { isUuid } from '@escale/schema/values';
import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { keysetPage, type Page, type PageInput } from '../page.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { requireUser } from '../users/require-user.ts';

/** The caller's own, the newest first; expired ones too, so that one sees why a script stopped working. */
export async function listApiTokens(ctx: Context, page: PageInput): Promise<Page<ApiToken>> {
  return keysetPage(ctx, ApiToken, {
    from: 'api_tokens x',
    where: 'x.user_id = ?',
    parameters: [requireUser(ctx).id],
    order: [{ sql: 'x.created_at', descending: true, cast: 'timestamptz' }],
    page,
  });
}

/** Ends a token of the caller at once. Another person's is answered like one that does not exist (T5). @throws NOT_FOUND */
export async function revokeApiToken(ctx: Context, { id }: { id: string }): Promise<{ id: string }> {
  const owner = requireUser(ctx);
  const token = isUuid(id) ? await ctx.em.findOne(ApiToken, { id, user: owner.id }) : null;
  if (!token) throw notFound('this API token', 'id');
  recordUsage(ctx, 'api_token.revoked', { namespace: owner.name, details: { title: token.title } });
  ctx.em.remove(token);
  await ctx.em.flush();
  return { id };
}
