import { ApplicationToken } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { countReveal, requireFreshSignIn } from '../credentials/fresh-sign-in.ts';
import { revealToken } from '../credentials/stored-secret.ts';
import { notFound, tokenNotRevealable } from '../errors.ts';
import { isUuid } from '@escale/schema/values';
import { recordUsage } from '../usage-logs/record.ts';
import { requireUser } from '../users/require-user.ts';
import type { ShownApplicationToken } from './create-application-token.ts';

/**
 * Shows a token of the caller again, from its sealed copy; audited.
 * @throws NOT_FOUND, FRESH_SIGN_IN_REQUIRED, TOKEN_NOT_REVEALABLE, TOOMANYREQUESTS beyond sixty in an hour (S4)
 */
export async function revealApplicationToken(ctx: Context, { id }: { id: string }): Promise<ShownApplicationToken> {
  const applicationToken = await ownToken(ctx, id);
  requireFreshSignIn(ctx);
  const { sealed, title } = applicationToken;
  if (!sealed) throw tokenNotRevealable();
  await countReveal(ctx);
  const plain = revealToken(ctx.vault, 'app', { id: applicationToken.id, sealed });
  recordUsage(ctx, 'application_token.revealed', { namespace: requireUser(ctx).name, details: { title } });
  await ctx.em.flush();
  return { applicationToken, plain };
}

/** Ends a token of the caller at once, running registry tokens included. @throws NOT_FOUND */
export async function revokeApplicationToken(ctx: Context, { id }: { id: string }): Promise<{ id: string }> {
  const token = await ownToken(ctx, id);
  recordUsage(ctx, 'application_token.revoked', { namespace: requireUser(ctx).name, details: { title: token.title } });
  ctx.em.remove(token);
  await ctx.em.flush();
  return { id };
}

/** Another person's token is answered like one that does not exist (T5). */
async function ownToken(ctx: Context, id: string): Promise<ApplicationToken> {
  const owner = requireUser(ctx);
  const token = isUuid(id) ? await ctx.em.findOne(ApplicationToken, { id, user: owner.id }) : null;
  if (!token) throw notFound('this application token', 'id');
  return token;
}
