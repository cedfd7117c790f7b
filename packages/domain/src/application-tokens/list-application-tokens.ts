import { ApplicationToken } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { keysetPage, type Page, type PageInput } from '../page.ts';
import { requireUser } from '../users/require-user.ts';

/** The caller's own tokens, the newest first; expired ones too, so that one sees why a login stopped working. */
export async function listApplicationTokens(ctx: Context, page: PageInput): Promise<Page<ApplicationToken>> {
  return keysetPage(ctx, ApplicationToken, {
    from: 'application_tokens x',
    where: 'x.user_id = ?',
    parameters: [requireUser(ctx).id],
    order: [{ sql: 'x.created_at', descending: true, cast: 'timestamptz' }],
    page,
  });
}
