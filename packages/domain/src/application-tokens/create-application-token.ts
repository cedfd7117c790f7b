import { ApplicationToken, User } from '@escale/schema/entities';
import type { Context } from '../context.ts';
import { createToken } from '../credentials/stored-secret.ts';
import { tokenExpiry } from '../credentials/token-lifetime.ts';
import { inputInvalid } from '../errors.ts';
import { recordUsage } from '../usage-logs/record.ts';
import { requireUser } from '../users/require-user.ts';

export interface NewApplicationToken {
  readonly title: string;
  /** Null for never; left out: 90 days. */
  readonly expiresAt?: Date | null | undefined;
}

/** A token together with its text, which exists only in this answer. */
export interface ShownApplicationToken {
  readonly applicationToken: ApplicationToken;
  readonly plain: string;
}

/**
 * Makes a token that acts as its owner for `docker login`.
 * @param options.revealable whether a sealed copy is kept, so that it can be shown again
 * @throws INPUT_INVALID with field `title` or `expiresAt`
 */
export async function createApplicationToken(
  ctx: Context,
  { title, expiresAt }: NewApplicationToken,
  options: { revealable: boolean } = { revealable: true },
): Promise<ShownApplicationToken> {
  const owner = requireUser(ctx);
  const trimmed = title.trim();
  if (trimmed.length < 1 || trimmed.length > 255 || trimmed.includes('\0')) {
    throw inputInvalid('title', 'the title must have 1 to 255 characters');
  }
  const { plain, stored } = createToken(ctx.vault, 'app', options);
  const applicationToken = ctx.em.create(ApplicationToken, {
    ...stored,
    user: ctx.em.getReference(User, owner.id),
    title: trimmed,
    expiresAt: await tokenExpiry(ctx, 'application', expiresAt),
  });
  recordUsage(ctx, 'application_token.created', { namespace: owner.name, details: { title: trimmed } });
  await ctx.em.flush();
  return { applicationToken, plain };
}
